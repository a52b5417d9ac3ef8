import { formatExact } from "../lib/time";
import { RelativeTime } from "./RelativeTime";

/** "3 minutes ago (Nov 23, 2026, 12:27:00 PM UTC)": both, where there is room for them. */
export function ExactTime({ at }: { at: string }) {
  return (
    <>
      <RelativeTime at={at} /> <small>({formatExact(Date.parse(at))})</small>
    </>
  );
}
