import { Button, Content, Popover } from "@patternfly/react-core";
import { OutlinedQuestionCircleIcon } from "@patternfly/react-icons";

import { HELP, type HelpTopic } from "../lib/help";

/** A question mark beside a word that may need one, with a few sentences behind it. */
export function HelpButton({ about }: { about: HelpTopic }) {
  const { title, text } = HELP[about];
  return (
    <Popover
      aria-label={title}
      bodyContent={
        <>
          <Content component="h4">{title}</Content>
          {text.map((paragraph) => (
            <Content key={paragraph} component="p">
              {paragraph}
            </Content>
          ))}
        </>
      }
    >
      <Button variant="plain" hasNoPadding className="help-button" icon={<OutlinedQuestionCircleIcon />} aria-label={`Help: ${title}`} />
    </Popover>
  );
}
