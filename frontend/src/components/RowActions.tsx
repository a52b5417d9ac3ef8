import { Dropdown, DropdownItem, DropdownList, MenuToggle } from "@patternfly/react-core";
import { EllipsisVIcon } from "@patternfly/react-icons";
import { useState } from "react";

interface RowActionsProps<T extends string> {
  /** What the row is about, for those who don't see it: "invoice bot". */
  of: string;
  actions: readonly { action: T; title: string; isDanger?: boolean }[];
  onChoose: (action: T) => void;
}

/** What can be done with a row of a table; nothing, if there is nothing. */
export function RowActions<T extends string>({ of, actions, onChoose }: RowActionsProps<T>) {
  const [isOpen, setIsOpen] = useState(false);
  if (actions.length === 0) return null;
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setIsOpen}
      onSelect={() => setIsOpen(false)}
      // A dialog gives the focus back to where it was when it opened, and the menu's entries are gone by then.
      shouldFocusToggleOnSelect
      popperProps={{ position: "right" }}
      toggle={(toggleRef) => (
        <MenuToggle
          ref={toggleRef}
          variant="plain"
          icon={<EllipsisVIcon />}
          isExpanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
          aria-label={`Actions for ${of}`}
        />
      )}
    >
      <DropdownList>
        {actions.map(({ action, title, isDanger }) => (
          <DropdownItem key={action} isDanger={isDanger} onClick={() => onChoose(action)}>
            {title}
          </DropdownItem>
        ))}
      </DropdownList>
    </Dropdown>
  );
}
