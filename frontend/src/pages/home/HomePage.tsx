import { PageSection, Skeleton } from "@patternfly/react-core";
import type { ReactNode } from "react";
import { graphql } from "react-relay";

import { createKeyPath, keyPath } from "../../lib/paths";
import { AUDITORS_LOOK } from "../../lib/reader";
import { useIsAuditor } from "../../relay/useIsAuditor";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { HomeCard, HomeCards } from "./HomeCards";
import { StepTitle } from "./StepTitle";
import { ToLookAt } from "./ToLookAt";
import type { HomePageQuery } from "./__generated__/HomePageQuery.graphql";

interface Step {
  title: string;
  text: ReactNode;
  isDone: boolean;
  action: { to: string; label: string };
}

function Steps() {
  const { viewer } = usePageQuery<HomePageQuery>(
    graphql`
      query HomePageQuery {
        viewer {
          modelSubscriptions(first: 1, status: [ACTIVE]) {
            totalCount
            edges {
              node {
                model {
                  name
                }
              }
            }
          }
          apiKeys(first: 100, status: [ACTIVE]) {
            edges {
              node {
                id
                name
                lastUsedAt
              }
            }
          }
        }
      }
    `,
    {},
  );
  const { totalCount, edges } = viewer.modelSubscriptions;
  const keys = viewer.apiKeys.edges.map(({ node }) => node);
  const used = keys.find(({ lastUsedAt }) => lastUsedAt);
  const newest = keys[0];
  const steps: Step[] = [
    {
      title: "Pick a model",
      isDone: totalCount > 0,
      text:
        totalCount > 0
          ? `You subscribed to ${edges[0]!.node.model.name}${totalCount > 1 ? ` and ${totalCount - 1} more` : ""}.`
          : "Most models are yours with one click; some need an approval.",
      action: { to: "/models", label: totalCount > 0 ? "Find more models" : "Find a model" },
    },
    {
      title: "Create a key",
      isDone: keys.length > 0,
      text: newest ? `You have a key, “${newest.name}”.` : "Name it, choose what it may call, and store its secret.",
      action: { to: createKeyPath(), label: newest ? "Create another key" : "Create a key" },
    },
    {
      title: "Make the first call",
      isDone: used !== undefined,
      text: used
        ? "Your calls arrive. See what they use and cost."
        : "Run the ready-made sample; the page tells you when the call has arrived.",
      action: used
        ? { to: "/usage", label: "Watch your usage" }
        : { to: newest ? keyPath(newest.id) : createKeyPath(), label: "Run a sample" },
    },
  ];
  const current = steps.findIndex(({ isDone }) => !isDone);
  return (
    <HomeCards isOrdered>
      {steps.map(({ title, text, isDone, action }, index) => (
        <HomeCard
          key={title}
          title={<StepTitle number={index + 1} title={title} isDone={isDone} />}
          action={action}
          isNext={index === current}
        >
          {text}
        </HomeCard>
      ))}
    </HomeCards>
  );
}

/** The way to the first call: three steps that know which of them are done. Auditors, who don't go it, see where to look. */
export function HomePage() {
  const isAuditor = useIsAuditor();
  return (
    <>
      <PageHeading title="Get started" description={isAuditor ? AUDITORS_LOOK : "Three steps from here to your first call."} />
      <PageSection isFilled>
        {isAuditor ? (
          <ToLookAt />
        ) : (
          <QueryBoundary skeleton={<Skeleton height="12rem" screenreaderText="Loading your steps" />}>
            <Steps />
          </QueryBoundary>
        )}
      </PageSection>
    </>
  );
}
