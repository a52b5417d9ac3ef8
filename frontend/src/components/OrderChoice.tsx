import { ToolbarItem } from "@patternfly/react-core";

import { ChoiceSelect } from "./ChoiceSelect";

interface OrderChoiceProps<T extends string> {
  /** The first is the one that needs no saying. */
  options: Record<T, string>;
  selected: T;
  onChange: (changes: { order: T | null }) => void;
}

/** In which order a list is, in a toolbar. */
export function OrderChoice<T extends string>({ options, selected, onChange }: OrderChoiceProps<T>) {
  const [standard] = Object.keys(options);
  return (
    <ToolbarItem>
      <ChoiceSelect
        title="Order"
        options={options}
        selected={selected}
        onChange={(order) => onChange({ order: order === standard ? null : order })}
      />
    </ToolbarItem>
  );
}
