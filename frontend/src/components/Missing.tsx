import { EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, PageSection } from "@patternfly/react-core";
import { SearchIcon } from "@patternfly/react-icons";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { PageHeading } from "../shell/PageHeading";

interface MissingProps {
  title: string;
  parent: { title: string; to: string };
  children: ReactNode;
}

/** A page about something that does not exist, or not for this reader. */
export function Missing({ title, parent, children }: MissingProps) {
  return (
    <>
      <PageHeading title={title} parent={parent} />
      <PageSection isFilled>
        <EmptyState titleText="Nothing here" headingLevel="h2" icon={SearchIcon}>
          <EmptyStateBody>{children}</EmptyStateBody>
          <EmptyStateFooter>
            <EmptyStateActions>
              <Link to={parent.to}>Back to {parent.title.toLowerCase()}</Link>
            </EmptyStateActions>
          </EmptyStateFooter>
        </EmptyState>
      </PageSection>
    </>
  );
}
