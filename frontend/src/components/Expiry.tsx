import { Label } from "@patternfly/react-core";
import { ExclamationTriangleIcon } from "@patternfly/react-icons";

import { useNow } from "../lib/useNow";
import { RelativeTime } from "./RelativeTime";

const DAY = 86_400_000;
/** From so many days on, an end is worth a warning: the second of the server's own notices. */
const SOON = 14;

/** When something ends, with a warning when that is soon. `isOver`: it works no longer, so that nothing is at stake. */
export function Expiry({ at, isOver = false }: { at: string | null | undefined; isOver?: boolean }) {
  const now = useNow();
  if (!at) return "Never";
  const left = Date.parse(at) - now;
  return (
    <div>
      <RelativeTime at={at} />
      {!isOver && left > 0 && left < SOON * DAY ? (
        <>
          {" "}
          <Label isCompact color="orange" icon={<ExclamationTriangleIcon />}>
            Ends soon
          </Label>
        </>
      ) : null}
    </div>
  );
}
