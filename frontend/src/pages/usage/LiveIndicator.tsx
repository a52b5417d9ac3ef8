import { Button, Flex, FlexItem, Label, type LabelProps } from "@patternfly/react-core";
import { BroadcastTowerIcon, ExclamationTriangleIcon, PauseCircleIcon, SyncAltIcon } from "@patternfly/react-icons";
import type { ReactElement } from "react";

import type { LiveStatus } from "../../lib/liveState";
import { formatRelative } from "../../lib/time";
import { useNow } from "../../lib/useNow";
import { useLiveStatus } from "../../relay/LiveContext";

const LOOKS: Record<LiveStatus, { text: string; color: LabelProps["color"]; icon: ReactElement }> = {
  connecting: { text: "Connecting", color: "grey", icon: <SyncAltIcon /> },
  live: { text: "Live", color: "green", icon: <BroadcastTowerIcon /> },
  reconnecting: { text: "Reconnecting", color: "orange", icon: <SyncAltIcon /> },
  stale: { text: "Out of date", color: "orange", icon: <ExclamationTriangleIcon /> },
  paused: { text: "Paused", color: "grey", icon: <PauseCircleIcon /> },
};

interface LiveIndicatorProps {
  isPaused: boolean;
  onPause: (paused: boolean) => void;
}

/** Whether the figures move by themselves at the moment, and a switch to hold them still. */
export function LiveIndicator({ isPaused, onPause }: LiveIndicatorProps) {
  const { status, lastHeard } = useLiveStatus(isPaused);
  const now = useNow("quick");
  const { text, color, icon } = LOOKS[status];
  return (
    <Flex alignItems={{ default: "alignItemsCenter" }} spaceItems={{ default: "spaceItemsSm" }}>
      <FlexItem>
        {/* Only the word is announced, not the seconds that pass. */}
        <Label color={color} icon={icon}>
          <span role="status">{text}</span>
        </Label>
      </FlexItem>
      {status === "stale" && lastHeard !== null ? (
        <FlexItem>
          <small>last heard {formatRelative(lastHeard, now)}</small>
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
