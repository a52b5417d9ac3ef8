import { EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, PageSection } from "@patternfly/react-core";
import { SearchIcon } from "@patternfly/react-icons";
import { Link } from "react-router";

import { PageHeading } from "./PageHeading";

export function NotFoundPage() {
  return (
    <>
      <PageHeading title="Page not found" />
      <PageSection isFilled>
        <EmptyState titleText="There is no page at this address" headingLevel="h2" icon={SearchIcon}>
          <EmptyStateBody>The link may be old, or the address mistyped.</EmptyStateBody>
          <EmptyStateFooter>
            <EmptyStateActions>
              <Link to="/models">Go to the models</Link>
            </EmptyStateActions>
          </EmptyStateFooter>
        </EmptyState>
      </PageSection>
    </>
  );
}
