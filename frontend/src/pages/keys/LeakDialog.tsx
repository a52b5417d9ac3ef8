import { Content, FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from "@patternfly/react-core";
import { useState } from "react";
import { graphql } from "react-relay";

import { ActionDialog } from "../../components/ActionDialog";
import { localMinute } from "../../lib/time";
import { useAction } from "../../relay/useAction";
import type { NewSecret } from "./KeyDialogs";
import type { LeakDialogMutation } from "./__generated__/LeakDialogMutation.graphql";

interface LeakDialogProps {
  apiKey: { id: string; name: string; createdAt: string };
  isOwner: boolean;
  onClose: () => void;
  onReported: (made: NewSecret) => void;
}

/** The answer to a leak, all of it in one step: the secret ends, and a new one is made. */
export function LeakDialog({ apiKey: { id, name, createdAt }, isOwner, onClose, onReported }: LeakDialogProps) {
  const [since, setSince] = useState(() => localMinute(createdAt));
  const [wrong, setWrong] = useState<string>();
  const { run, isRunning, error, refuse, clearError } = useAction<LeakDialogMutation>(graphql`
    mutation LeakDialogMutation($input: ReportApiKeyLeakInput!) {
      reportApiKeyLeak(input: $input) {
        __typename
        ... on ReportApiKeyLeakSuccess {
          apiKey {
            ...KeyRow_key
            ...KeyPage_key
          }
          secret
        }
        ... on Error {
          message
        }
        ... on InvalidInput {
          field
        }
      }
    }
  `);
  const submit = () => {
    const time = Date.parse(since);
    const problem = Number.isNaN(time) ? "Choose a day and a time." : undefined;
    setWrong(problem);
    clearError();
    if (problem) return;
    const at = new Date(time).toISOString();
    let secret: string | null = null;
    run({
      variables: { input: { apiKeyId: id, since: at } },
      updater: (store, data) => {
        const result = data?.reportApiKeyLeak;
        if (result?.__typename !== "ReportApiKeyLeakSuccess") return;
        secret = result.secret ?? null;
        // Taken out before Relay publishes the answer, so the secret never stands in the store.
        store.getRootField("reportApiKeyLeak")?.setValue(null, "secret");
      },
      onCompleted: ({ reportApiKeyLeak: result }) => {
        if (result.__typename === "ReportApiKeyLeakSuccess") onReported({ secret, since: at });
        else if (result.__typename === "InvalidInput" && result.field?.endsWith("since")) setWrong(result.message);
        else refuse(result);
      },
    });
  };
  return (
    <ActionDialog
      title={`The secret of “${name}” leaked`}
      isDanger
      icon="danger"
      form="When it leaked"
      failure="Not reported: the secret still works"
      error={error}
      verb={isOwner ? "End it and make a new one" : "End it"}
      isRunning={isRunning}
      onSubmit={submit}
      onClose={onClose}
    >
      <Content component="p">
        {isOwner
          ? "At once it stops working everywhere, in your own programs too, and you get a new one. Then you see the calls that were made with it."
          : "At once it stops working everywhere, in its owner’s programs too, and the key is blocked until its owner makes a new secret. Then you see the calls that were made with it."}
      </Content>
      <FormGroup label="When may it have leaked?" isRequired fieldId="leak-since">
        <TextInput
          id="leak-since"
          type="datetime-local"
          value={since}
          validated={wrong ? "error" : "default"}
          aria-describedby="leak-since-help"
          onChange={(_, value) => setSince(value)}
        />
        <FormHelperText>
          <HelperText id="leak-since-help" isLiveRegion>
            <HelperTextItem variant={wrong ? "error" : "default"}>
              {wrong ?? "If you don’t know, leave it: that is when the key was made."}
            </HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
    </ActionDialog>
  );
}
