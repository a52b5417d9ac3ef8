import { Alert, Card, CardHeader, CardTitle, Content, Stack, StackItem } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { signInAs } from "../../lib/session";
import { explainSignIn, type SignInError } from "../../lib/signInErrors";
import type { SandboxUsers_signIn$key } from "./__generated__/SandboxUsers_signIn.graphql";

const ROLES: Record<string, string> = {
  USER: "User: finds models, makes keys, calls them",
  AUDITOR: "Auditor: may read everything and change nothing",
  ADMIN: "Administrator: approves, sets limits, audits",
};

/** The sandbox's sample people, one button each. */
export function SandboxUsers({ signIn: signInRef, next }: { signIn: SandboxUsers_signIn$key; next: string }) {
  const { sandboxUsers } = useFragment(
    graphql`
      fragment SandboxUsers_signIn on SignIn {
        sandboxUsers {
          username
          displayName
          role
        }
      }
    `,
    signInRef,
  );
  const [chosen, setChosen] = useState<string>();
  const [refusal, setRefusal] = useState<SignInError>();

  const choose = async (username: string) => {
    setChosen(username);
    setRefusal(undefined);
    const code = await signInAs(username, next);
    if (code === undefined) return;
    setRefusal(explainSignIn(code));
    setChosen(undefined);
  };

  return (
    <Stack hasGutter>
      <StackItem>
        <Content component="p">This is the sandbox. Choose who you want to be; no password is needed.</Content>
      </StackItem>
      {refusal ? (
        <StackItem>
          <Alert isInline isLiveRegion variant="danger" title={refusal.title} component="h2">
            {refusal.help}
          </Alert>
        </StackItem>
      ) : null}
      {sandboxUsers.map(({ username, displayName, role }) => (
        <StackItem key={username}>
          <Card isCompact isClickable isDisabled={chosen !== undefined}>
            <CardHeader
              selectableActions={{
                onClickAction: () => void choose(username),
                selectableActionAriaLabelledby: `user-${username}`,
              }}
            >
              <CardTitle id={`user-${username}`} component="h2">
                Sign in as {displayName}
              </CardTitle>
              {chosen === username ? "Signing in…" : (ROLES[role] ?? role)}
            </CardHeader>
          </Card>
        </StackItem>
      ))}
    </Stack>
  );
}
