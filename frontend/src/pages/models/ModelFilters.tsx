import {
  Skeleton,
  ToggleGroup,
  ToggleGroupItem,
  Toolbar,
  ToolbarContent,
  ToolbarGroup,
  ToolbarItem,
  ToolbarToggleGroup,
} from "@patternfly/react-core";
import { FilterIcon, ListIcon, ThIcon } from "@patternfly/react-icons";
import { useCallback } from "react";
import { graphql } from "react-relay";

import { ChoiceSelect } from "../../components/ChoiceSelect";
import { FacetFilter } from "../../components/FacetFilter";
import { SearchBox } from "../../components/SearchBox";
import { accessLabel, capabilityLabel, modeLabel, providerLabel } from "../../lib/labels";
import { type Facet, type ModelSearch, ORDERS } from "../../lib/modelSearch";
import { usePageQuery } from "../../shell/QueryBoundary";
import type { ModelFiltersQuery } from "./__generated__/ModelFiltersQuery.graphql";

const FACET_LOOK: Record<Facet, { title: string; label: (value: string) => string }> = {
  provider: { title: "Provider", label: providerLabel },
  mode: { title: "Type", label: modeLabel },
  capability: { title: "Capability", label: capabilityLabel },
  access: { title: "Access", label: accessLabel },
};

interface ModelFiltersProps {
  search: ModelSearch;
  onChange: (changes: Partial<ModelSearch>, replace?: boolean) => void;
  onClear: () => void;
}

export function ModelFilters({ search, onChange, onClear }: ModelFiltersProps) {
  const { modelFacets } = usePageQuery<ModelFiltersQuery>(
    graphql`
      query ModelFiltersQuery {
        modelFacets {
          providers {
            value
            count
          }
          modes {
            value
            count
          }
          capabilities {
            value
            count
          }
        }
      }
    `,
    {},
  );
  const setSearch = useCallback((text: string) => onChange({ search: text }, true), [onChange]);
  const options: Record<Facet, readonly { value: string; count?: number }[]> = {
    provider: modelFacets.providers,
    mode: modelFacets.modes,
    capability: modelFacets.capabilities,
    access: [{ value: "OPEN" }, { value: "RESTRICTED" }],
  };

  const facet = (name: Facet) => {
    const { title, label } = FACET_LOOK[name];
    return (
      <FacetFilter
        key={name}
        title={title}
        label={label}
        options={options[name]}
        selected={search[name]}
        onChange={(values) => onChange({ [name]: values })}
      />
    );
  };

  return (
    <Toolbar clearAllFilters={onClear} clearFiltersButtonText="Clear all filters" inset={{ default: "insetNone" }}>
      <ToolbarContent>
        <ToolbarItem>
          <SearchBox
            label="Search models"
            placeholder="Name, provider or purpose"
            value={search.search}
            onChange={setSearch}
          />
        </ToolbarItem>
        <ToolbarToggleGroup toggleIcon={<FilterIcon />} breakpoint="lg" aria-label="Filters">
          <ToolbarGroup variant="filter-group">
            {facet("provider")}
            {facet("mode")}
            {facet("capability")}
            {facet("access")}
          </ToolbarGroup>
        </ToolbarToggleGroup>
        <ToolbarItem>
          <ChoiceSelect
            title="Order"
            options={ORDERS}
            selected={search.order as keyof typeof ORDERS}
            onChange={(order) => onChange({ order })}
          />
        </ToolbarItem>
        <ToolbarItem align={{ default: "alignEnd" }}>
          <ToggleGroup aria-label="View">
            <ToggleGroupItem
              icon={<ThIcon />}
              aria-label="Cards"
              isSelected={search.view === "cards"}
              onChange={() => onChange({ view: "cards" }, true)}
            />
            <ToggleGroupItem
              icon={<ListIcon />}
              aria-label="Table"
              isSelected={search.view === "table"}
              onChange={() => onChange({ view: "table" }, true)}
            />
          </ToggleGroup>
        </ToolbarItem>
      </ToolbarContent>
    </Toolbar>
  );
}

export function ModelFiltersSkeleton() {
  return (
    <Toolbar inset={{ default: "insetNone" }}>
      <ToolbarContent>
        <ToolbarItem>
          <Skeleton width="16rem" height="2.25rem" screenreaderText="Loading the filters" />
        </ToolbarItem>
        <ToolbarItem>
          <Skeleton width="10rem" height="2.25rem" />
        </ToolbarItem>
      </ToolbarContent>
    </Toolbar>
  );
}
