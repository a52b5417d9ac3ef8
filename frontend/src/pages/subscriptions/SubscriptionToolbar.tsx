import { ListToolbar } from "../../components/ListToolbar";
import { OrderChoice } from "../../components/OrderChoice";
import { SUBSCRIPTION_ORDERS, SUBSCRIPTION_STATUSES, type SubscriptionChoice } from "../../lib/subscriptionChoice";
import type { Choosing } from "../../lib/useChoice";

interface SubscriptionToolbarProps {
  choosing: Choosing<SubscriptionChoice>;
  /** What is searched: "Search your subscriptions". */
  label: string;
  placeholder: string;
}

/** Chooses subscriptions by words and status, and their order. */
export function SubscriptionToolbar({ choosing, label, placeholder }: SubscriptionToolbarProps) {
  const { choice, change, search, clear } = choosing;
  return (
    <ListToolbar
      search={{ label, placeholder, value: choice.search, onChange: search }}
      status={{
        of: "subscription",
        statuses: SUBSCRIPTION_STATUSES,
        selected: choice.status,
        onChange: (status) => change({ status }),
      }}
      onClear={clear}
    >
      <OrderChoice options={SUBSCRIPTION_ORDERS} selected={choice.order} onChange={change} />
    </ListToolbar>
  );
}
