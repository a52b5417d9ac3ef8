import {
  ActionList,
  ActionListGroup,
  ActionListItem,
  Button,
  PageSection,
  PageSectionTypes,
  Skeleton,
  useWizardContext,
  Wizard,
  WizardFooterWrapper,
  WizardStep,
} from "@patternfly/react-core";
import { useEffect, useRef, useState } from "react";
import { graphql } from "react-relay";
import { useNavigate, useSearchParams } from "react-router";

import { AuditorNote } from "../../components/AuditorNote";
import { checkLimits, limitValues } from "../../lib/limits";
import { useIsAuditor } from "../../relay/useIsAuditor";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { canAsk, type ModelChoice, needsApproval, readChoice, typedLimits } from "./modelChoice";
import { ModelsStep } from "./ModelsStep";
import { type Needs, NEEDS_FORM, type NeedsErrors, NeedsStep } from "./NeedsStep";
import { Results } from "./Results";
import { ReviewStep } from "./ReviewStep";
import { useSubscribing } from "./useSubscribing";
import type { NewSubscriptionPageQuery } from "./__generated__/NewSubscriptionPageQuery.graphql";

const PARENT = { title: "My subscriptions", to: "/subscriptions" };
const STEPS = { models: "Models", needs: "What you need", review: "Review" } as const;

/** What can be said without asking the server; the server has the last word. */
function checkNeeds(models: readonly ModelChoice[], { justification, limits }: Needs): NeedsErrors {
  const errors: NeedsErrors = checkLimits(limits);
  if (models.some((model) => needsApproval(model, limits)) && !justification.trim()) errors.justification = "Say what it is needed for.";
  return errors;
}

/** Limits that are left empty are left out, so that the usual ones hold. */
function inputOf({ justification, limits }: Needs) {
  return { justification: justification.trim() || null, ...typedLimits(limits) };
}

function Steps({ first }: { first: readonly ModelChoice[] }) {
  const navigate = useNavigate();
  const [models, setModels] = useState(first);
  const [modelsError, setModelsError] = useState<string>();
  const [needs, setNeeds] = useState<Needs>({ justification: "", limits: limitValues({}) });
  const [needsErrors, setNeedsErrors] = useState<NeedsErrors>({});
  const [isDone, setDone] = useState(false);
  const { subscribe, isRunning, outcomes } = useSubscribing();

  // PatternFly calls the button that opens the steps on a phone "Wizard toggle", over the step's name that it shows.
  const section = useRef<HTMLDivElement>(null);
  useEffect(() => section.current?.querySelector("[aria-label='Wizard toggle']")?.removeAttribute("aria-label"));

  const checkModels = () => {
    const problem = models.length === 0 ? "Choose at least one model." : undefined;
    setModelsError(problem);
    return problem === undefined;
  };
  const checkAll = () => {
    const errors = checkNeeds(models, needs);
    setNeedsErrors(errors);
    return Object.keys(errors).length === 0;
  };
  const again = () => {
    const refused = outcomes.filter(({ refusal }) => refusal);
    setModels(refused.map(({ model }) => model));
    const atFields = refused.flatMap(({ field, refusal }) =>
      field && (field === "justification" || field in needs.limits) ? [[field, refusal]] : [],
    );
    setNeedsErrors(Object.fromEntries(atFields) as NeedsErrors);
    setDone(false);
  };

  if (isDone) {
    return (
      <PageSection isFilled>
        <Results outcomes={outcomes} onAgain={again} />
      </PageSection>
    );
  }
  return (
    <PageSection
      type={PageSectionTypes.wizard}
      isFilled
      hasBodyWrapper={false}
      aria-label="Steps to a subscription"
      ref={section}
    >
      <Wizard
        isVisitRequired
        shouldFocusContent
        // Who comes back from a refusal finds what was refused.
        startIndex={Object.keys(needsErrors).length > 0 ? 2 : 1}
        navAriaLabel="Steps"
        onClose={() => void navigate(PARENT.to)}
      >
        <WizardStep id="models" name={STEPS.models} footer={<Footer isFirst onNext={checkModels} />}>
          <ModelsStep
            chosen={models}
            error={modelsError}
            onChange={(chosen) => {
              setModels(chosen);
              setModelsError(undefined);
            }}
          />
        </WizardStep>
        <WizardStep id="needs" name={STEPS.needs} isDisabled={models.length === 0} footer={<Footer form={NEEDS_FORM} />}>
          <Needed models={models} needs={needs} errors={needsErrors} onChange={setNeeds} onCheck={checkAll} />
        </WizardStep>
        <WizardStep
          id="review"
          name={STEPS.review}
          isDisabled={models.length === 0 || Object.keys(checkNeeds(models, needs)).length > 0}
          footer={
            <Footer
              next={models.some((model) => needsApproval(model, needs.limits)) ? "Ask for access" : "Subscribe"}
              isRunning={isRunning}
              onNext={() => {
                void subscribe(models, inputOf(needs)).then(() => setDone(true));
                return false;
              }}
            />
          }
        >
          <ReviewStep models={models} needs={needs} />
        </WizardStep>
      </Wizard>
    </PageSection>
  );
}

interface NeededProps {
  models: readonly ModelChoice[];
  needs: Needs;
  errors: NeedsErrors;
  onChange: (needs: Needs) => void;
  onCheck: () => boolean;
}

/** The second step; Enter in one of its fields goes on, as the button does. */
function Needed({ onCheck, ...rest }: NeededProps) {
  const { goToNextStep } = useWizardContext();
  return <NeedsStep {...rest} onSubmit={() => void (onCheck() && goToNextStep())} />;
}

interface FooterProps {
  isFirst?: boolean;
  next?: string;
  isRunning?: boolean;
  /** The form that the button sends, which then goes on by itself. */
  form?: string;
  /** Says whether to go on. */
  onNext?: () => boolean;
}

function Footer({ isFirst = false, next = "Next", isRunning = false, form, onNext }: FooterProps) {
  const { goToNextStep, goToPrevStep, close } = useWizardContext();
  return (
    <WizardFooterWrapper>
      <ActionList className="wrapping">
        <ActionListGroup>
          {isFirst ? null : (
            <ActionListItem>
              <Button variant="secondary" isDisabled={isRunning} onClick={() => void goToPrevStep()}>
                Back
              </Button>
            </ActionListItem>
          )}
          <ActionListItem>
            <Button
              // A button of its own, or the press that led here would send the form, too.
              key={form ?? "next"}
              {...(form ? { type: "submit", form } : { onClick: () => void (onNext?.() && goToNextStep()) })}
              isLoading={isRunning}
              isDisabled={isRunning}
            >
              {next}
            </Button>
          </ActionListItem>
        </ActionListGroup>
        <ActionListGroup>
          <ActionListItem>
            <Button variant="link" onClick={close}>
              Cancel
            </Button>
          </ActionListItem>
        </ActionListGroup>
      </ActionList>
    </WizardFooterWrapper>
  );
}

/** Begins with the model that the reader came from, if it can be asked for. */
function FromModel({ id }: { id: string }) {
  const { node } = usePageQuery<NewSubscriptionPageQuery>(
    graphql`
      query NewSubscriptionPageQuery($id: ID!) {
        node(id: $id) {
          ...modelChoice_model @alias(as: "model")
        }
      }
    `,
    { id },
    "store-or-network",
  );
  const model = node?.model ? readChoice(node.model) : null;
  return <Steps first={model && canAsk(model) ? [model] : []} />;
}

/** From a wish to a subscription: which models, what for and how much, and what comes of it. */
export function NewSubscriptionPage() {
  const [params] = useSearchParams();
  const id = params.get("model");
  const isAuditor = useIsAuditor();
  return (
    <>
      <PageHeading
        title="New subscription"
        description={isAuditor ? undefined : "Open models are yours at once; for the others an administrator decides."}
        parent={PARENT}
      />
      {isAuditor ? (
        <PageSection isFilled>
          <AuditorNote />
        </PageSection>
      ) : (
        <QueryBoundary
          skeleton={
            <PageSection isFilled>
              <Skeleton height="14rem" screenreaderText="Loading the model" />
            </PageSection>
          }
        >
          {id ? <FromModel id={id} /> : <Steps first={[]} />}
        </QueryBoundary>
      )}
    </>
  );
}
