import { Content } from "@patternfly/react-core";
import { graphql } from "react-relay";

import { ActionDialog } from "../../components/ActionDialog";
import { signOut } from "../../lib/session";
import type { Refused } from "../../relay/refusal";
import { useAction } from "../../relay/useAction";
import type { EndSessionsDialogOneMutation } from "./__generated__/EndSessionsDialogOneMutation.graphql";
import type { EndSessionsDialogOthersMutation } from "./__generated__/EndSessionsDialogOthersMutation.graphql";

/** Which sessions are to end. */
export type Ending = { which: "one"; id: string; browser: string } | { which: "others" | "all" };

interface Look {
  title: string;
  text: string;
  verb: string;
}

function look(ending: Ending): Look {
  if (ending.which === "one") {
    return {
      title: `End the session in ${ending.browser}?`,
      text: "Whoever uses that browser has to sign in again.",
      verb: "End it",
    };
  }
  if (ending.which === "others") {
    return {
      title: "End all other sessions?",
      text: "You stay signed in here; every other browser has to sign in again. Keys and access tokens go on.",
      verb: "End all others",
    };
  }
  return {
    title: "Sign out everywhere?",
    text: "Every browser has to sign in again, this one too. Keys and access tokens go on.",
    verb: "Sign out everywhere",
  };
}

interface EndSessionsDialogProps {
  ending: Ending;
  onClose: () => void;
  onEnded: () => void;
}

/** Asks before sessions end. */
export function EndSessionsDialog({ ending, onClose, onEnded }: EndSessionsDialogProps) {
  const { title, text, verb } = look(ending);
  const one = useAction<EndSessionsDialogOneMutation>(graphql`
    mutation EndSessionsDialogOneMutation($input: EndSessionInput!) {
      endSession(input: $input) {
        __typename
        ... on Error {
          message
        }
      }
    }
  `);
  const others = useAction<EndSessionsDialogOthersMutation>(graphql`
    mutation EndSessionsDialogOthersMutation {
      endOtherSessions(input: { thisToo: false }) {
        __typename
        ... on Error {
          message
        }
      }
    }
  `);
  const { isRunning, error, refuse } = ending.which === "one" ? one : others;
  const finish = (result: Refused) => {
    if (!result.__typename.endsWith("Success")) refuse(result);
    // This one last and by signing out, which also goes past the identity provider.
    else if (ending.which === "all") void signOut();
    else onEnded();
  };
  const end = () => {
    if (ending.which === "one") {
      one.run({ variables: { input: { sessionId: ending.id } }, onCompleted: ({ endSession }) => finish(endSession) });
    } else others.run({ variables: {}, onCompleted: ({ endOtherSessions }) => finish(endOtherSessions) });
  };
  return (
    <ActionDialog
      title={title}
      isDanger
      failure="No session was ended"
      error={error}
      verb={verb}
      isRunning={isRunning}
      onSubmit={end}
      onClose={onClose}
    >
      <Content component="p">{text}</Content>
    </ActionDialog>
  );
}
