import { Card, CardBody, CardTitle, Content, Flex, FlexItem, Gallery, Label } from "@patternfly/react-core";
import { CheckCircleIcon, InProgressIcon } from "@patternfly/react-icons";
import { useEffect, useRef, useState } from "react";
import { graphql, useFragment } from "react-relay";

import { RelativeTime } from "../../components/RelativeTime";
import { formatMoney } from "../../lib/money";
import { formatCount, formatSuccessRate } from "../../lib/numbers";
import type { UsageTotals_usage$key } from "./__generated__/UsageTotals_usage.graphql";

/** Ticks may come every second; read out loud they are bearable only now and then. */
const ANNOUNCE_EVERY = 20_000;

export function UsageTotals({ usage: usageRef }: { usage: UsageTotals_usage$key }) {
  const { totals, asOf, complete } = useFragment(
    graphql`
      fragment UsageTotals_usage on Usage {
        totals {
          requests
          failures
          promptTokens
          completionTokens
          spend
        }
        asOf
        complete
      }
    `,
    usageRef,
  );
  const { requests, failures } = totals;
  const spend = formatMoney(totals.spend);
  return (
    <section aria-label="Totals">
      <Gallery hasGutter minWidths={{ default: "9rem" }}>
        <Figure name="Requests" value={formatCount(requests)} />
        <Figure
          name="Success rate"
          value={formatSuccessRate(requests, failures)}
          note={failures === 1 ? "1 failed" : `${formatCount(failures)} failed`}
        />
        <Figure name="Input tokens" value={formatCount(totals.promptTokens)} />
        <Figure name="Output tokens" value={formatCount(totals.completionTokens)} />
        <Figure name="Spend" value={spend} />
      </Gallery>
      <Flex spaceItems={{ default: "spaceItemsSm" }} className="as-of">
        <FlexItem>
          <Content component="small">
            As of <RelativeTime at={asOf} />
          </Content>
        </FlexItem>
        <FlexItem>
          {complete ? (
            <Label isCompact color="green" icon={<CheckCircleIcon />}>
              Reconciled with LiteLLM
            </Label>
          ) : (
            <Label isCompact icon={<InProgressIcon />}>
              Not yet reconciled with LiteLLM
            </Label>
          )}
        </FlexItem>
      </Flex>
      <Announcement text={`${formatCount(requests)} requests, ${spend}`} />
    </section>
  );
}

function Figure({ name, value, note }: { name: string; value: string; note?: string }) {
  const [first] = useState(value);
  return (
    <Card isCompact>
      <CardTitle component="h2">{name}</CardTitle>
      <CardBody>
        {/* A new element for a new value, so that its animation starts again. */}
        <span key={value} className={value === first ? "figure" : "figure figure-changed"}>
          {value}
        </span>
        {note ? <Content component="small">{note}</Content> : null}
      </CardBody>
    </Card>
  );
}

/** Says the figures to screen readers when they changed, at most every twenty seconds. */
function Announcement({ text }: { text: string }) {
  const [said, setSaid] = useState("");
  const latest = useRef(text);
  const heard = useRef(text);

  useEffect(() => {
    latest.current = text;
  }, [text]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (latest.current === heard.current) return;
      heard.current = latest.current;
      setSaid(`Usage changed: ${latest.current}`);
    }, ANNOUNCE_EVERY);
    return () => clearInterval(timer);
  }, []);

  return (
    <div className="pf-v6-screen-reader" role="status">
      {said}
    </div>
  );
}
