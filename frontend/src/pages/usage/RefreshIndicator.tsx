import { Button, Flex, FlexItem, Label } from "@patternfly/react-core";
import { ExclamationTriangleIcon, PauseCircleIcon, SyncAltIcon } from "@patternfly/react-icons";

import { formatRelative } from "../../lib/time";
import { useNow } from "../../lib/useNow";

/** After so long without an answer the figures are called out of date; in milliseconds. */
const LATE = 35_000;

interface RefreshIndicatorProps {
  isPaused: boolean;
  /** When the figures last came. */
  refreshedAt: number;
  onPause: (paused: boolean) => void;
}

/** How fresh figures are that are asked for again and again, and a switch to hold them still. */
export function RefreshIndicator({ isPaused, refreshedAt, onPause }: RefreshIndicatorProps) {
  const now = useNow();
  const isLate = !isPaused && now - refreshedAt > LATE;
  return (
    <Flex alignItems={{ default: "alignItemsCenter" }} spaceItems={{ default: "spaceItemsSm" }}>
      <FlexItem>
        <Label
          color={isLate ? "orange" : "grey"}
          icon={isPaused ? <PauseCircleIcon /> : isLate ? <ExclamationTriangleIcon /> : <SyncAltIcon />}
        >
          <span role="status">{isPaused ? "Paused" : isLate ? "Out of date" : "Every 10 seconds"}</span>
        </Label>
      </FlexItem>
      {isLate ? (
        <FlexItem>
          <small>from {formatRelative(refreshedAt, now)}</small>
        </FlexItem>
      ) : null}
      <FlexItem>
        <Button variant="link" size="sm" onClick={() => onPause(!isPaused)}>
          {isPaused ? "Resume" : "Pause"}
        </Button>
      </FlexItem>
    </Flex>
  );
}
