import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "@patternfly/react-core";
import { ExclamationCircleIcon, LockIcon } from "@patternfly/react-icons";

import { ButtonLink } from "../components/ButtonLink";
import { explain, FORBIDDEN, type RequestError } from "../relay/errors";

/** What failed, what to do about it, and a way to try again. */
export function ErrorView({
  error,
  onRetry,
  retryLabel = "Try again",
}: {
  error: RequestError;
  onRetry?: () => void;
  retryLabel?: string;
}) {
  const { title, help, detail } = explain(error);
  const isForbidden = error.code === FORBIDDEN;
  return (
    <EmptyState
      titleText={title}
      headingLevel="h2"
      icon={isForbidden ? LockIcon : ExclamationCircleIcon}
      status={isForbidden ? "warning" : "danger"}
      role="alert"
    >
      <EmptyStateBody>
        {help}
        {detail && !isForbidden ? (
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
            {isForbidden ? <ButtonLink to="/">Go to the start page</ButtonLink> : null}
            <Button variant={isForbidden ? "link" : "primary"} onClick={onRetry}>
              {retryLabel}
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      ) : null}
    </EmptyState>
  );
}
