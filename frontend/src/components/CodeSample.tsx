import { ClipboardCopyButton, CodeBlock, CodeBlockAction, CodeBlockCode } from "@patternfly/react-core";
import { useEffect, useId, useState } from "react";

import { copyText } from "../lib/browser";

/** Code to take away. `name` says what it is to those who don't see it. */
export function CodeSample({ name, code }: { name: string; code: string }) {
  const id = useId();
  const [copied, setCopied] = useState<"yes" | "no" | undefined>();

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(undefined), 3000);
    return () => clearTimeout(timer);
  }, [copied]);

  const text = copied === "yes" ? "Copied" : copied === "no" ? "Select the text and copy it by hand" : `Copy ${name}`;
  return (
    <CodeBlock
      actions={
        <CodeBlockAction>
          <ClipboardCopyButton
            id={`${id}-copy`}
            variant="plain"
            aria-label={`Copy ${name}`}
            onClick={() => void copyText(code).then((done) => setCopied(done ? "yes" : "no"))}
          >
            {text}
          </ClipboardCopyButton>
          <span className="pf-v6-screen-reader" role="status">
            {copied ? text : ""}
          </span>
        </CodeBlockAction>
      }
    >
      <CodeBlockCode id={id} tabIndex={0} role="region" aria-label={name}>
        {code}
      </CodeBlockCode>
    </CodeBlock>
  );
}
