import { Toolbar, ToolbarContent, ToolbarItem } from "@patternfly/react-core";
import type { ReactNode } from "react";

import { FacetFilter } from "./FacetFilter";
import { SearchBox } from "./SearchBox";
import { statusText } from "./StatusLabel";

interface ListToolbarProps {
  search?: { label: string; placeholder?: string; value: string; onChange: (value: string) => void };
  status?: {
    of: "subscription" | "key";
    statuses: readonly string[];
    selected: readonly string[];
    onChange: (selected: string[]) => void;
  };
  /** Takes every filter away. */
  onClear: () => void;
  /** What else the list has: toolbar items. */
  children?: ReactNode;
}

/** Narrows a list down: to words, to some statuses, and to what the list has of its own. */
export function ListToolbar({ search, status, onClear, children }: ListToolbarProps) {
  return (
    <Toolbar clearAllFilters={onClear} clearFiltersButtonText="Show all" inset={{ default: "insetNone" }}>
      <ToolbarContent>
        {search ? (
          <ToolbarItem>
            <SearchBox {...search} />
          </ToolbarItem>
        ) : null}
        {status ? (
          <FacetFilter
            title="Status"
            options={status.statuses.map((value) => ({ value }))}
            label={(value) => statusText(status.of, value)}
            selected={status.selected}
            onChange={status.onChange}
          />
        ) : null}
        {children}
      </ToolbarContent>
    </Toolbar>
  );
}
