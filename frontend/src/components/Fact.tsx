import { DescriptionListDescription, DescriptionListGroup, DescriptionListTerm } from "@patternfly/react-core";
import type { ReactNode } from "react";

import type { HelpTopic } from "../lib/help";
import { HelpButton } from "./HelpButton";

interface FactProps {
  name: string;
  /** What more there is to say of it. */
  about?: HelpTopic;
  children: ReactNode;
}

/** One line of a description list. */
export function Fact({ name, about, children }: FactProps) {
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>
        {name} {about ? <HelpButton about={about} /> : null}
      </DescriptionListTerm>
      <DescriptionListDescription>{children}</DescriptionListDescription>
    </DescriptionListGroup>
  );
}
