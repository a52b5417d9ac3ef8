import { ToolbarItem } from "@patternfly/react-core";
import { useCallback } from "react";

import { ChoiceSelect } from "../../components/ChoiceSelect";
import { ListToolbar } from "../../components/ListToolbar";
import {
  ALL_SUBSCRIPTIONS,
  SUBSCRIPTION_ORDERS,
  SUBSCRIPTION_STATUSES,
  type SubscriptionChoice,
} from "../../lib/subscriptionChoice";
import type { AddressChanges } from "../../lib/useAddress";

interface SubscriptionToolbarProps {
  choice: SubscriptionChoice;
  /** What is searched: "Search your subscriptions". */
  label: string;
  placeholder: string;
  onChange: (changes: AddressChanges, replace?: boolean) => void;
}

/** Chooses subscriptions by words and status, and their order. */
export function SubscriptionToolbar({ choice, label, placeholder, onChange }: SubscriptionToolbarProps) {
  const setSearch = useCallback((q: string) => onChange({ q }, true), [onChange]);
  return (
    <ListToolbar
      search={{ label, placeholder, value: choice.search, onChange: setSearch }}
      status={{
        of: "subscription",
        statuses: SUBSCRIPTION_STATUSES,
        selected: choice.status,
        onChange: (status) => onChange({ status }),
      }}
      onClear={() => onChange(ALL_SUBSCRIPTIONS)}
    >
      <ToolbarItem>
        <ChoiceSelect
          title="Order"
          options={SUBSCRIPTION_ORDERS}
          selected={choice.order}
          onChange={(order) => onChange({ order: order === "NEWEST" ? null : order })}
        />
      </ToolbarItem>
    </ListToolbar>
  );
}
