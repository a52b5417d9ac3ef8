import { EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "@patternfly/react-core";
import { ChartBarIcon } from "@patternfly/react-icons";

import { ButtonLink } from "../../components/ButtonLink";
import { NothingFound } from "../../components/NothingFound";
import { createKeyPath } from "../../lib/paths";
import { AUDITORS_LOOK } from "../../lib/reader";
import { useAddress } from "../../lib/useAddress";
import { NO_FILTERS } from "../../lib/usageChoice";
import { useIsAuditor } from "../../relay/useIsAuditor";
import type { Asked } from "./asked";

/** A range without a call, and the next step. */
export function NoCalls({ asked }: { asked: Asked }) {
  const [, change] = useAddress();
  const isAuditor = useIsAuditor();
  if (asked.filter) return <NothingFound title="No call in this period fits" onClear={() => change(NO_FILTERS)} />;
  return (
    <EmptyState titleText="No calls in this period" headingLevel="h2" icon={ChartBarIcon}>
      <EmptyStateBody>
        {asked.all
          ? "Nobody called a model. Choose a longer period to see older calls."
          : isAuditor
            ? AUDITORS_LOOK
            : "Call a model with one of your keys; it shows here within seconds, without a reload."}
      </EmptyStateBody>
      {asked.all ? null : isAuditor ? (
        <EmptyStateFooter>
          <EmptyStateActions>
            <ButtonLink to="/admin/usage">See all usage</ButtonLink>
          </EmptyStateActions>
        </EmptyStateFooter>
      ) : (
        <EmptyStateFooter>
          <EmptyStateActions>
            <ButtonLink to="/keys">My keys</ButtonLink>
          </EmptyStateActions>
          <EmptyStateActions>
            <ButtonLink to={createKeyPath()} variant="link">
              Create a key
            </ButtonLink>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}
