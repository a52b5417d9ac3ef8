import { Button, FormGroup, FormSelect, FormSelectOption, StackItem, Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { DownloadIcon } from "@patternfly/react-icons";
import { type ReactNode, useState } from "react";

import { CodeSample } from "../../components/CodeSample";
import { SecretModal } from "../../components/SecretModal";
import { downloadText } from "../../lib/browser";
import { curl, dotEnv, ocCreateSecret, python, secretName, snippetMode } from "../../lib/snippets";
import { FirstCallPanel } from "./FirstCallPanel";

/** A key as it was just made, with the secret that nobody can show again. */
export interface NewKey {
  id: string;
  name: string;
  models: readonly { id: string; name: string; mode: string }[];
  secret: string;
  baseUrl: string;
}

type Way = "curl" | "python" | "env" | "oc";

interface RevealDialogProps {
  newKey: NewKey;
  /** Left out for a key that is new as a whole. */
  title?: string;
  /** What else there is to say. */
  children?: ReactNode;
  onDone: () => void;
}

/** Shows a key’s secret once, with the ways to use it and the first call that is made with it. */
export function RevealDialog({ newKey, title, children, onDone }: RevealDialogProps) {
  const callable = newKey.models.filter(({ mode }) => snippetMode(mode));
  const [modelId, setModelId] = useState(callable[0]?.id);
  const [way, setWay] = useState<Way>("curl");
  const model = callable.find(({ id }) => id === modelId);
  const call = {
    baseUrl: newKey.baseUrl,
    model: (model ?? newKey.models[0])?.name ?? "",
    mode: (model && snippetMode(model.mode)) ?? ("chat" as const),
    secret: newKey.secret,
  };

  return (
    <SecretModal of="key" title={title ?? `Your new key “${newKey.name}”`} secret={newKey.secret} onDone={onDone}>
      {callable.length > 1 ? (
        <StackItem>
          <FormGroup label="Model in the samples" fieldId="reveal-model">
            <FormSelect id="reveal-model" value={modelId} onChange={(_, id) => setModelId(id)}>
              {callable.map(({ id, name }) => (
                <FormSelectOption key={id} value={id} label={name} />
              ))}
            </FormSelect>
          </FormGroup>
        </StackItem>
      ) : null}
      <StackItem>
        <Tabs activeKey={way} onSelect={(_, key) => setWay(key as Way)} aria-label="Ways to use the key" mountOnEnter>
          {model ? (
            <Tab eventKey="curl" title={<TabTitleText>curl</TabTitleText>}>
              <CodeSample name="curl command" code={curl(call)} />
            </Tab>
          ) : null}
          {model ? (
            <Tab eventKey="python" title={<TabTitleText>Python</TabTitleText>}>
              <CodeSample name="Python code" code={python(call)} />
            </Tab>
          ) : null}
          <Tab eventKey="env" title={<TabTitleText>.env file</TabTitleText>}>
            <CodeSample name=".env file" code={dotEnv(call)} />
            <Button
              variant="link"
              icon={<DownloadIcon />}
              onClick={() => downloadText(`${secretName(newKey.name)}.env`, dotEnv(call))}
            >
              Download the .env file
            </Button>
          </Tab>
          <Tab eventKey="oc" title={<TabTitleText>OpenShift</TabTitleText>}>
            <CodeSample name="oc command" code={ocCreateSecret(newKey.name, call)} />
          </Tab>
        </Tabs>
      </StackItem>
      <StackItem>
        <FirstCallPanel apiKeyId={newKey.id} />
      </StackItem>
      {children}
    </SecretModal>
  );
}
