import {
  Alert,
  Button,
  Checkbox,
  ClipboardCopy,
  Flex,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Stack,
  StackItem,
  Tab,
  Tabs,
  TabTitleText,
} from "@patternfly/react-core";
import { DownloadIcon } from "@patternfly/react-icons";
import { type ReactNode, useEffect, useState } from "react";
import { useBlocker } from "react-router";

import { CodeSample } from "../../components/CodeSample";
import { copyText, downloadText } from "../../lib/browser";
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

/** Shows the secret once. It closes only after the reader said that they have stored it; Escape does nothing. */
export function RevealDialog({ newKey, title, children, onDone }: RevealDialogProps) {
  const callable = newKey.models.filter(({ mode }) => snippetMode(mode));
  const [modelId, setModelId] = useState(callable[0]?.id);
  const [way, setWay] = useState<Way>("curl");
  const [isStored, setStored] = useState(false);
  const model = callable.find(({ id }) => id === modelId);
  const call = {
    baseUrl: newKey.baseUrl,
    model: (model ?? newKey.models[0])?.name ?? "",
    mode: (model && snippetMode(model.mode)) ?? ("chat" as const),
    secret: newKey.secret,
  };

  // Going back or closing the tab would lose the secret as well.
  useBlocker(true);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, []);

  return (
    <Modal isOpen variant="large" aria-labelledby="reveal-title" aria-describedby="reveal-once" onEscapePress={() => {}}>
      <ModalHeader title={title ?? `Your new key “${newKey.name}”`} labelId="reveal-title" />
      <ModalBody tabIndex={0} aria-label="The new key">
        <Stack hasGutter>
          <StackItem id="reveal-once">
            <Alert isInline variant="warning" title="Store this key now: it is shown only once" component="h2">
              LiteMaaS does not keep it and can’t show it again.
            </Alert>
          </StackItem>
          <StackItem>
            <ClipboardCopy
              isReadOnly
              isCode
              hoverTip="Copy the key"
              clickTip="Copied"
              copyAriaLabel="Copy the key"
              textAriaLabel="The key"
              onCopy={() => void copyText(newKey.secret)}
            >
              {newKey.secret}
            </ClipboardCopy>
          </StackItem>
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
        </Stack>
      </ModalBody>
      <ModalFooter>
        <Flex columnGap={{ default: "columnGapLg" }}>
          <Checkbox
            id="reveal-stored"
            label="I have stored the key"
            isChecked={isStored}
            onChange={(_, checked) => setStored(checked)}
          />
          <Button isDisabled={!isStored} onClick={onDone}>
            Done
          </Button>
        </Flex>
      </ModalFooter>
    </Modal>
  );
}
