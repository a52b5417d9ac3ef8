import { UsageDashboard } from "./UsageDashboard";

export function UsagePage() {
  return <UsageDashboard title="My usage" description="What your keys used and spent." all={false} />;
}
