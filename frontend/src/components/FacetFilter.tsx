import { ToolbarFilter } from "@patternfly/react-core";

import { FacetSelect } from "./FacetSelect";

interface FacetFilterProps {
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

/** A choice of values in a toolbar, each of which can be taken back. */
export function FacetFilter({ title, options, label, nothing, selected, onChange, onApproach }: FacetFilterProps) {
  return (
    <ToolbarFilter
      categoryName={title}
      labels={selected.map((value) => ({ key: value, node: label(value) }))}
      deleteLabel={(_, chip) => {
        const value = typeof chip === "string" ? chip : chip.key;
        onChange(selected.filter((each) => each !== value));
      }}
      deleteLabelGroup={() => onChange([])}
    >
      <FacetSelect
        title={title}
        options={options}
        label={label}
        nothing={nothing}
        selected={selected}
        onChange={onChange}
        onApproach={onApproach}
      />
    </ToolbarFilter>
  );
}
