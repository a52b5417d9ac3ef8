import { Card, CardBody, CardTitle, Content, Progress } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";

import { RelativeTime } from "../../components/RelativeTime";
import { formatCount } from "../../lib/numbers";
import { formatSpan } from "../../lib/time";
import { timeZone } from "../../lib/usageRange";
import type { LedgerHistory_history$key } from "./__generated__/LedgerHistory_history.graphql";

/** How far the import of older calls is. */
export function LedgerHistory({ history: historyRef }: { history: LedgerHistory_history$key }) {
  const { start, end, done, calls, imported, callsPerSecond, estimatedEnd } = useFragment(
    graphql`
      fragment LedgerHistory_history on LedgerHistory {
        start
        end
        done
        calls
        imported
        callsPerSecond
        estimatedEnd
      }
    `,
    historyRef,
  );
  const isDone = done >= 1;
  return (
    <Card>
      <CardTitle component="h2">Calls from before LiteMaaS</CardTitle>
      <CardBody>
        <Progress
          title={isDone ? "All are imported" : "The newest are imported first"}
          // Not 100 before it is done.
          value={isDone ? 100 : Math.floor(done * 100)}
          variant={isDone ? "success" : undefined}
          helperText={`${formatSpan(Date.parse(start), Date.parse(end))} (${timeZone()})`}
        />
        <Content component="p">
          {calls === 0
            ? "LiteLLM had no calls in what was read."
            : `LiteLLM had ${formatCount(calls)} calls in what was read; ${formatCount(imported)} of them were booked by this import.`}
          {callsPerSecond == null ? null : ` It reads ${formatCount(Math.round(callsPerSecond))} calls a second`}
          {estimatedEnd ? (
            <>
              {" "}
              and will be done <RelativeTime at={estimatedEnd} />.
            </>
          ) : callsPerSecond == null ? null : (
            "."
          )}
        </Content>
      </CardBody>
    </Card>
  );
}
