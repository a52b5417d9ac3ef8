import { EmptyState, EmptyStateBody, PageSection, Skeleton } from "@patternfly/react-core";
import { CheckCircleIcon } from "@patternfly/react-icons";
import { useCallback } from "react";
import { fetchQuery, graphql, useRelayEnvironment } from "react-relay";

import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { ApprovalsList, PAGE } from "./ApprovalsList";
import type { ApprovalsPageQuery } from "./__generated__/ApprovalsPageQuery.graphql";

const query = graphql`
  query ApprovalsPageQuery($first: Int!) {
    viewer {
      user {
        id
        role
      }
    }
    ...ApprovalsList_query @arguments(first: $first)
  }
`;

const VARIABLES = { first: PAGE };

function Loaded() {
  const data = usePageQuery<ApprovalsPageQuery>(query, VARIABLES);
  const environment = useRelayEnvironment();
  // Not through the page's own query, which would show a skeleton meanwhile.
  const refresh = useCallback(() => {
    fetchQuery<ApprovalsPageQuery>(environment, query, VARIABLES).subscribe({ error: () => {} });
  }, [environment]);
  return (
    <ApprovalsList
      query={data}
      reader={data.viewer.user}
      onChanged={refresh}
      empty={
        <EmptyState titleText="Nothing waits for you" headingLevel="h2" icon={CheckCircleIcon}>
          <EmptyStateBody>New requests appear here by themselves.</EmptyStateBody>
        </EmptyState>
      }
    />
  );
}

/** What waits for an admin's decision: requests for models, and for other limits. */
export function ApprovalsPage() {
  return (
    <>
      <PageHeading title="Approvals" description="Requests that wait for a decision, the oldest first." />
      <PageSection isFilled>
        <QueryBoundary skeleton={<Skeleton height="14rem" screenreaderText="Loading the requests" />}>
          <Loaded />
        </QueryBoundary>
      </PageSection>
    </>
  );
}
