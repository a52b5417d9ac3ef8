import { MenuToggle, Select, SelectList, SelectOption } from "@patternfly/react-core";
import { useState } from "react";

interface ChoiceSelectProps<T extends string> {
  /** What is chosen, for those who don't see it from its place. */
  title: string;
  options: Record<T, string>;
  selected: T;
  onChange: (selected: T) => void;
}

/** One of a few values. */
export function ChoiceSelect<T extends string>({ title, options, selected, onChange }: ChoiceSelectProps<T>) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Select
      isOpen={isOpen}
      selected={selected}
      onSelect={(_, value) => {
        onChange(value as T);
        setOpen(false);
      }}
      onOpenChange={setOpen}
      shouldFocusToggleOnSelect
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={isOpen}
          aria-label={`${title}: ${options[selected]}`}
          onClick={() => setOpen(!isOpen)}
        >
          {options[selected]}
        </MenuToggle>
      )}
    >
      <SelectList aria-label={title}>
        {(Object.entries(options) as [T, string][]).map(([value, label]) => (
          <SelectOption key={value} value={value}>
            {label}
          </SelectOption>
        ))}
      </SelectList>
    </Select>
  );
}
