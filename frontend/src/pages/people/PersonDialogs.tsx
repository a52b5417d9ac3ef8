import { graphql, useFragment } from "react-relay";

import { AccessDialog } from "./AccessDialog";
import { ErasePersonDialog } from "./ErasePersonDialog";
import { OffboardDialog } from "./OffboardDialog";
import type { PersonAction } from "./personActions";
import type { PersonDialogs_user$key } from "./__generated__/PersonDialogs_user.graphql";

interface PersonDialogsProps {
  user: PersonDialogs_user$key;
  action: PersonAction | undefined;
  onClose: () => void;
}

/** The dialog for what the reader chose to do with a person. */
export function PersonDialogs({ user: ref, action, onClose }: PersonDialogsProps) {
  const user = useFragment(
    graphql`
      fragment PersonDialogs_user on User {
        ...AccessDialog_user
        ...OffboardDialog_user
        ...ErasePersonDialog_user
      }
    `,
    ref,
  );
  if (!action) return null;
  if (action === "offboard") return <OffboardDialog user={user} onClose={onClose} />;
  if (action === "erase") return <ErasePersonDialog user={user} onClose={onClose} />;
  return <AccessDialog user={user} action={action} onClose={onClose} />;
}
