import { PageSection } from "@patternfly/react-core";
import { useRouteError } from "react-router";

import { toRequestError } from "../relay/errors";
import { ErrorView } from "./ErrorView";
import { PageHeading } from "./PageHeading";

/** The last resort, when a page itself breaks or its code can't be loaded. */
export function CrashPage() {
  const error = toRequestError(useRouteError());
  return (
    <>
      <PageHeading title="Something went wrong" />
      <PageSection isFilled>
        <ErrorView error={error} onRetry={() => window.location.reload()} retryLabel="Load the page again" />
      </PageSection>
    </>
  );
}
