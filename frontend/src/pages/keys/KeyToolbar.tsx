import { Checkbox, ToolbarItem } from "@patternfly/react-core";

import { ChoiceSelect } from "../../components/ChoiceSelect";
import { ListToolbar } from "../../components/ListToolbar";
import { OrderChoice } from "../../components/OrderChoice";
import { KEY_ORDERS, KEY_STATUSES, type KeyChoice, UNUSED } from "../../lib/keyChoice";
import type { Choosing } from "../../lib/useChoice";

interface KeyToolbarProps {
  choosing: Choosing<KeyChoice>;
  /** What is searched: "Search your keys". */
  label: string;
  placeholder: string;
}

/** Chooses keys by words, status, last use and drift, and their order. */
export function KeyToolbar({ choosing, label, placeholder }: KeyToolbarProps) {
  const { choice, change, search, clear } = choosing;
  return (
    <ListToolbar
      search={{ label, placeholder, value: choice.search, onChange: search }}
      status={{
        of: "key",
        statuses: KEY_STATUSES,
        selected: choice.status,
        onChange: (status) => change({ status, unused: null }),
      }}
      onClear={clear}
    >
      <ToolbarItem>
        {/* Of keys that nobody uses the server lists those that work, whatever their status. */}
        <ChoiceSelect
          title="Last use"
          options={UNUSED}
          selected={choice.unused}
          onChange={(unused) => change({ unused, status: [] })}
        />
      </ToolbarItem>
      <OrderChoice options={KEY_ORDERS} selected={choice.order} onChange={change} />
      <ToolbarItem alignSelf="center">
        <Checkbox
          id="keys-drifted"
          label="Changed in LiteLLM"
          isChecked={choice.drifted}
          onChange={(_, drifted) => change({ drifted: drifted ? "1" : null })}
        />
      </ToolbarItem>
    </ListToolbar>
  );
}
