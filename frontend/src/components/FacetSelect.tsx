import { Badge, MenuToggle, Select, SelectList, SelectOption } from "@patternfly/react-core";
import { useState } from "react";

interface FacetSelectProps {
  title: string;
  options: readonly { value: string; count?: number }[];
  /** The words for a value. */
  label: (value: string) => string;
  /** What the menu says when it has no options. */
  nothing?: string;
  selected: readonly string[];
  onChange: (selected: string[]) => void;
  /** Called, perhaps often, when the menu is opened or may be in a moment: for options that are loaded only then. */
  onApproach?: () => void;
}

/** Any number of values, each with how many there are. */
export function FacetSelect({ title, options, label, nothing, selected, onChange, onApproach }: FacetSelectProps) {
  const [isOpen, setOpen] = useState(false);
  const toggle = (value: string) =>
    onChange(selected.includes(value) ? selected.filter((each) => each !== value) : [...selected, value]);
  return (
    <Select
      role="menu"
      isOpen={isOpen}
      selected={selected}
      onSelect={(_, value) => toggle(value as string)}
      onOpenChange={setOpen}
      isScrollable
      maxMenuHeight="20rem"
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={isOpen}
          onPointerEnter={onApproach}
          onFocus={onApproach}
          onClick={() => {
            onApproach?.();
            setOpen(!isOpen);
          }}
          badge={
            selected.length ? (
              <Badge isRead screenReaderText={`${selected.length} chosen`}>
                {selected.length}
              </Badge>
            ) : undefined
          }
        >
          {title}
        </MenuToggle>
      )}
    >
      <SelectList aria-label={title}>
        {options.map(({ value, count }) => (
          <SelectOption key={value} value={value} hasCheckbox isSelected={selected.includes(value)}>
            {label(value)}
            {count === undefined ? null : ` (${count})`}
          </SelectOption>
        ))}
        {nothing && options.length === 0 ? <SelectOption isDisabled>{nothing}</SelectOption> : null}
      </SelectList>
    </Select>
  );
}
