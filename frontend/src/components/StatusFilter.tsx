import { Toolbar, ToolbarContent, ToolbarFilter } from "@patternfly/react-core";

import { FacetSelect } from "./FacetSelect";
import { statusText } from "./StatusLabel";

interface StatusFilterProps {
  of: "subscription" | "key";
  statuses: readonly string[];
  selected: readonly string[];
  onChange: (selected: string[]) => void;
}

/** Narrows a list to some statuses. */
export function StatusFilter({ of, statuses, selected, onChange }: StatusFilterProps) {
  const label = (status: string) => statusText(of, status);
  return (
    <Toolbar
      clearAllFilters={() => onChange([])}
      clearFiltersButtonText="Show all"
      inset={{ default: "insetNone" }}
    >
      <ToolbarContent>
        <ToolbarFilter
          categoryName="Status"
          labels={selected.map((status) => ({ key: status, node: label(status) }))}
          deleteLabel={(_, chip) => {
            const status = typeof chip === "string" ? chip : chip.key;
            onChange(selected.filter((each) => each !== status));
          }}
        >
          <FacetSelect
            title="Status"
            options={statuses.map((value) => ({ value }))}
            label={label}
            selected={selected}
            onChange={onChange}
          />
        </ToolbarFilter>
      </ToolbarContent>
    </Toolbar>
  );
}
