import { Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { useState } from "react";

import { type Call, curl, javascript, python } from "../lib/snippets";
import { CodeSample } from "./CodeSample";

const LANGUAGES = { curl: "curl", python: "Python", javascript: "JavaScript" } as const;
const WRITE = { curl, python, javascript };
type Language = keyof typeof LANGUAGES;

/** The same call in several languages. */
export function Snippets({ call, languages = ["curl", "python", "javascript"] }: { call: Call; languages?: Language[] }) {
  const [language, setLanguage] = useState<Language>(languages[0]!);
  return (
    <Tabs activeKey={language} onSelect={(_, key) => setLanguage(key as Language)} aria-label="Language" mountOnEnter>
      {languages.map((each) => (
        <Tab key={each} eventKey={each} title={<TabTitleText>{LANGUAGES[each]}</TabTitleText>}>
          <CodeSample name={`${LANGUAGES[each]} code for ${call.model}`} code={WRITE[each](call)} />
        </Tab>
      ))}
    </Tabs>
  );
}
