import { Timestamp, TimestampTooltipVariant } from "@patternfly/react-core";

import { formatExact, formatRelative } from "../lib/time";
import { useNow } from "../lib/useNow";

/** "3 minutes ago", with the exact time for those who point at it or tab to it. `at` is an ISO time. */
export function RelativeTime({ at }: { at: string }) {
  const now = useNow();
  const time = Date.parse(at);
  return (
    <Timestamp
      date={new Date(time)}
      tooltip={{ variant: TimestampTooltipVariant.custom, content: formatExact(time) }}
    >
      {formatRelative(time, now)}
    </Timestamp>
  );
}
