import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "@patternfly/react-core";
import { ExclamationCircleIcon } from "@patternfly/react-icons";

import { explain, type RequestError } from "../relay/errors";

/** What failed, what to do about it, and a way to try again. */
export function ErrorView({ error, onRetry }: { error: RequestError; onRetry?: () => void }) {
  const { title, help, detail } = explain(error);
  return (
    <EmptyState titleText={title} headingLevel="h2" icon={ExclamationCircleIcon} status="danger" role="alert">
      <EmptyStateBody>
        {help}
        {detail ? (
          <>
            <br />
            {detail}
          </>
        ) : null}
        {error.requestId ? (
          <>
            <br />
            <small>Request {error.requestId}</small>
          </>
        ) : null}
      </EmptyStateBody>
      {onRetry ? (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button onClick={onRetry}>Try again</Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      ) : null}
    </EmptyState>
  );
}
