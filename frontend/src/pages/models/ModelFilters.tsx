import {
  SearchInput,
  Skeleton,
  ToggleGroup,
  ToggleGroupItem,
  Toolbar,
  ToolbarContent,
  ToolbarFilter,
  ToolbarGroup,
  ToolbarItem,
  ToolbarToggleGroup,
} from "@patternfly/react-core";
import { FilterIcon, ListIcon, ThIcon } from "@patternfly/react-icons";
import { useEffect, useRef, useState } from "react";
import { graphql } from "react-relay";

import { ChoiceSelect } from "../../components/ChoiceSelect";
import { FacetSelect } from "../../components/FacetSelect";
import { accessLabel, capabilityLabel, modeLabel, providerLabel } from "../../lib/labels";
import { type Facet, type ModelSearch, ORDERS } from "../../lib/modelSearch";
import { usePageQuery } from "../../shell/QueryBoundary";
import type { ModelFiltersQuery } from "./__generated__/ModelFiltersQuery.graphql";

/** Long enough to take a fast typist's keys together, short enough not to be noticed; in milliseconds. */
const SEARCH_DELAY = 40;

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

/** The search box: what is typed shows at once and reaches the address a moment after the last key. */
function SearchBox({ search, onChange }: Pick<ModelFiltersProps, "search" | "onChange">) {
  const [text, setText] = useState(search.search);
  const sent = useRef(search.search);

  useEffect(() => {
    // The address changed by other means than typing: back, forward, or "clear all".
    if (search.search === sent.current) return;
    sent.current = search.search;
    setText(search.search);
  }, [search.search]);

  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      onChange({ search: text }, true);
    }, SEARCH_DELAY);
    return () => clearTimeout(timer);
  }, [text, onChange]);

  return (
    <SearchInput
      aria-label="Search models"
      placeholder="Name, provider or purpose"
      value={text}
      inputProps={{ maxLength: 200 }}
      onChange={(_, value) => setText(value)}
      onClear={() => setText("")}
    />
  );
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
  const options: Record<Facet, readonly { value: string; count?: number }[]> = {
    provider: modelFacets.providers,
    mode: modelFacets.modes,
    capability: modelFacets.capabilities,
    access: [{ value: "OPEN" }, { value: "RESTRICTED" }],
  };

  const facet = (name: Facet) => {
    const { title, label } = FACET_LOOK[name];
    return (
      <ToolbarFilter
        key={name}
        categoryName={title}
        labels={search[name].map((value) => ({ key: value, node: label(value) }))}
        deleteLabel={(_, chip) => {
          const value = typeof chip === "string" ? chip : chip.key;
          onChange({ [name]: search[name].filter((each) => each !== value) });
        }}
        deleteLabelGroup={() => onChange({ [name]: [] })}
      >
        <FacetSelect
          title={title}
          label={label}
          options={options[name]}
          selected={search[name]}
          onChange={(values) => onChange({ [name]: values })}
        />
      </ToolbarFilter>
    );
  };

  return (
    <Toolbar clearAllFilters={onClear} clearFiltersButtonText="Clear all filters" inset={{ default: "insetNone" }}>
      <ToolbarContent>
        <ToolbarItem>
          <SearchBox search={search} onChange={onChange} />
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
