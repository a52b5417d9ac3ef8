import { MenuToggle } from "@patternfly/react-core";
import { EllipsisVIcon } from "@patternfly/react-icons";
import { ActionsColumn } from "@patternfly/react-table";

interface RowActionsProps<T extends string> {
  /** What the row is about, for those who don't see it: "invoice bot". */
  of: string;
  actions: readonly { action: T; title: string; isDanger?: boolean }[];
  onChoose: (action: T) => void;
}

/** What can be done with a row of a table; nothing, if there is nothing. */
export function RowActions<T extends string>({ of, actions, onChoose }: RowActionsProps<T>) {
  if (actions.length === 0) return null;
  return (
    <ActionsColumn
      items={actions.map(({ action, ...item }) => ({ ...item, onClick: () => onChoose(action) }))}
      popperProps={{ position: "right" }}
      actionsToggle={({ onToggle, isOpen, toggleRef }) => (
        <MenuToggle
          ref={toggleRef}
          variant="plain"
          icon={<EllipsisVIcon />}
          isExpanded={isOpen}
          onClick={onToggle}
          aria-label={`Actions for ${of}`}
        />
      )}
    />
  );
}
