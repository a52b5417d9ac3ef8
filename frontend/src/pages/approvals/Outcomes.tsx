import { Alert, AlertActionCloseButton, List, ListItem } from "@patternfly/react-core";
import { useEffect, useRef } from "react";

import type { Outcome } from "./useDecisions";

const DONE: Record<string, string> = { APPROVE: "approved", DENY: "denied" };

/** What became of the last decision, one line for each request of it. */
export function Outcomes({ outcomes, onClose }: { outcomes: readonly Outcome[]; onClose: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  // The button that was pressed is gone with its row.
  useEffect(() => {
    if (outcomes.length > 0) box.current?.focus();
  }, [outcomes]);
  const refused = outcomes.filter(({ refusal }) => refusal).length;
  const done = outcomes.length - refused;
  const verb = DONE[outcomes[0]?.verdict ?? ""];
  return (
    <div role="status" ref={box} tabIndex={-1} className="outcomes">
      {outcomes.length > 0 ? (
        <Alert
          isInline
          variant={refused === 0 ? "success" : done === 0 ? "danger" : "warning"}
          title={[done ? `${done} ${verb}` : "", refused ? `${refused} not ${verb}` : ""].filter(Boolean).join(", ")}
          component="h2"
          actionClose={<AlertActionCloseButton onClose={onClose} />}
        >
          <List isPlain>
            {outcomes.map(({ id, title, refusal }) => (
              <ListItem key={id}>
                {title}: {refusal ?? verb}
              </ListItem>
            ))}
          </List>
        </Alert>
      ) : null}
    </div>
  );
}
