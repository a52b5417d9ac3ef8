import { Button, Content, Popover } from "@patternfly/react-core";
import { OutlinedQuestionCircleIcon } from "@patternfly/react-icons";
import { useRef } from "react";

import { HELP, type HelpTopic } from "../lib/help";

/** A question mark beside a word that may need one, with a few sentences behind it. */
export function HelpButton({ about }: { about: HelpTopic }) {
  const { title, text } = HELP[about];
  // By reference, since around a child it would put an element that may not stand within a paragraph.
  const mark = useRef<HTMLButtonElement>(null);
  return (
    <>
      <Button ref={mark} variant="plain" hasNoPadding icon={<OutlinedQuestionCircleIcon />} aria-label={`Help: ${title}`} />
      <Popover
        triggerRef={mark}
        aria-label={title}
        bodyContent={
          <>
            <Content component="p">
              <strong>{title}</strong>
            </Content>
            {text.map((paragraph) => (
              <Content key={paragraph} component="p">
                {paragraph}
              </Content>
            ))}
          </>
        }
      />
    </>
  );
}
