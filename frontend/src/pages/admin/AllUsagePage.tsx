import { UsageDashboard } from "../usage/UsageDashboard";

/** Everybody's usage, for those who look after them. */
export function AllUsagePage() {
  return <UsageDashboard title="All usage" description="What everybody’s keys used and spent." all />;
}
