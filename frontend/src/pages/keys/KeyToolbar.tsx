import { Checkbox, ToolbarItem } from "@patternfly/react-core";
import { useCallback } from "react";

import { ChoiceSelect } from "../../components/ChoiceSelect";
import { ListToolbar } from "../../components/ListToolbar";
import { ALL_KEYS, KEY_ORDERS, KEY_STATUSES, type KeyChoice, UNUSED } from "../../lib/keyChoice";
import type { AddressChanges } from "../../lib/useAddress";

interface KeyToolbarProps {
  choice: KeyChoice;
  /** What is searched: "Search your keys". */
  label: string;
  placeholder: string;
  onChange: (changes: AddressChanges, replace?: boolean) => void;
}

/** Chooses keys by words, status, last use and drift, and their order. */
export function KeyToolbar({ choice, label, placeholder, onChange }: KeyToolbarProps) {
  const setSearch = useCallback((q: string) => onChange({ q }, true), [onChange]);
  return (
    <ListToolbar
      search={{ label, placeholder, value: choice.search, onChange: setSearch }}
      status={{
        of: "key",
        statuses: KEY_STATUSES,
        selected: choice.status,
        onChange: (status) => onChange({ status, unused: null }),
      }}
      onClear={() => onChange(ALL_KEYS)}
    >
      <ToolbarItem>
        {/* Of keys that nobody uses the server lists those that work, whatever their status. */}
        <ChoiceSelect
          title="Last use"
          options={UNUSED}
          selected={choice.unused}
          onChange={(unused) => onChange({ unused, status: [] })}
        />
      </ToolbarItem>
      <ToolbarItem>
        <ChoiceSelect
          title="Order"
          options={KEY_ORDERS}
          selected={choice.order}
          onChange={(order) => onChange({ order: order === "NEWEST" ? null : order })}
        />
      </ToolbarItem>
      <ToolbarItem alignSelf="center">
        <Checkbox
          id="keys-drifted"
          label="Changed in LiteLLM"
          isChecked={choice.drifted}
          onChange={(_, drifted) => onChange({ drifted: drifted ? "1" : null })}
        />
      </ToolbarItem>
    </ListToolbar>
  );
}
