import { Dropdown, DropdownGroup, DropdownItem, DropdownList, MenuToggle } from "@patternfly/react-core";
import { UserIcon } from "@patternfly/react-icons";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { useLinkClickHandler } from "react-router";

import { roleLabel } from "../lib/labels";
import { signOut } from "../lib/session";
import type { UserMenu_user$key } from "./__generated__/UserMenu_user.graphql";

export function UserMenu({ user: userRef }: { user: UserMenu_user$key }) {
  const user = useFragment(
    graphql`
      fragment UserMenu_user on User {
        username
        displayName
        role
      }
    `,
    userRef,
  );
  const [isOpen, setOpen] = useState(false);
  const toProfile = useLinkClickHandler<HTMLElement>("/profile");
  const toHelp = useLinkClickHandler<HTMLElement>("/help");
  const role = roleLabel(user.role);
  return (
    <Dropdown
      isOpen={isOpen}
      onSelect={() => setOpen(false)}
      onOpenChange={setOpen}
      popperProps={{ position: "right" }}
      shouldFocusToggleOnSelect
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          className="account-toggle"
          variant="plainText"
          icon={<UserIcon />}
          isExpanded={isOpen}
          aria-label={`Your account: ${user.displayName}, ${role}`}
          onClick={() => setOpen(!isOpen)}
        >
          {user.displayName}
        </MenuToggle>
      )}
    >
      <DropdownGroup label={`${user.displayName} (${user.username}), ${role}`}>
        <DropdownList>
          <DropdownItem to="/profile" onClick={toProfile}>
            Your profile
          </DropdownItem>
          <DropdownItem to="/help" onClick={toHelp}>
            Help
          </DropdownItem>
          <DropdownItem onClick={() => void signOut()}>Sign out</DropdownItem>
        </DropdownList>
      </DropdownGroup>
    </Dropdown>
  );
}
