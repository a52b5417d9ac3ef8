import {
  Alert,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  Content,
  Progress,
  ProgressMeasureLocation,
  Stack,
  StackItem,
} from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";

import { HelpButton } from "../../components/HelpButton";
import { RelativeTime } from "../../components/RelativeTime";
import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import type { QuotaUse_subscription$key } from "./__generated__/QuotaUse_subscription.graphql";

const KINDS: Record<string, string> = { REQUESTS: "Requests", TOKENS: "Tokens", BUDGET: "Budget" };
/** From this share on a limit is worth a warning. */
const NEARLY = 80;

const amount = (kind: string, value: string) => (kind === "BUDGET" ? formatMoney(value) : formatCount(Number(value)));

/** What was used of each limit in the present window, and when the next one begins. */
export function QuotaUse({ subscription: ref }: { subscription: QuotaUse_subscription$key }) {
  const { quota, status } = useFragment(
    graphql`
      fragment QuotaUse_subscription on ModelSubscription {
        status
        quota {
          startsAt
          resetsAt
          exhausted
          limits {
            kind
            limit
            used
            remaining
            exhausted
          }
        }
      }
    `,
    ref,
  );
  const usedUp = quota?.limits.filter(({ exhausted }) => exhausted).map(({ kind }) => KINDS[kind] ?? kind) ?? [];
  return (
    <Card isFullHeight>
      <CardHeader actions={{ actions: <HelpButton about="quota" />, hasNoOffset: true }}>
        <CardTitle component="h2">Use of the limits</CardTitle>
      </CardHeader>
      <CardBody>
        {quota ? (
          <Stack hasGutter>
            {usedUp.length > 0 && status === "ACTIVE" ? (
              <StackItem>
                <Alert isInline variant="danger" title={`Used up: ${usedUp.join(", ").toLowerCase()}`} component="h3">
                  Your keys can’t call this model{" "}
                  {quota.resetsAt ? (
                    <>
                      until the limits start again, <RelativeTime at={quota.resetsAt} />.
                    </>
                  ) : (
                    "until an administrator gives you other limits."
                  )}
                </Alert>
              </StackItem>
            ) : null}
            {quota.limits.map(({ kind, limit, used, remaining, exhausted }) => {
              const percent = share(used, limit);
              return (
                <StackItem key={kind}>
                  <Progress
                    id={`quota-${kind}`}
                    title={KINDS[kind] ?? kind}
                    value={percent}
                    label={`${amount(kind, used)} of ${amount(kind, limit)}`}
                    valueText={`${amount(kind, used)} of ${amount(kind, limit)}, ${amount(kind, remaining)} left`}
                    measureLocation={ProgressMeasureLocation.top}
                    variant={exhausted ? "danger" : percent >= NEARLY ? "warning" : undefined}
                  />
                </StackItem>
              );
            })}
            <StackItem>
              {quota.resetsAt ? (
                <>
                  Counted since <RelativeTime at={quota.startsAt} />; starts again <RelativeTime at={quota.resetsAt} />.
                </>
              ) : (
                <>
                  Counted since <RelativeTime at={quota.startsAt} />; it does not start again.
                </>
              )}
            </StackItem>
          </Stack>
        ) : (
          <Content component="p">Nothing is counted: this subscription has no budget and no number of requests or tokens.</Content>
        )}
      </CardBody>
    </Card>
  );
}

/** In percent, 0 to 100; only for the length of a bar. */
function share(used: string, limit: string): number {
  const whole = Number(limit);
  return whole > 0 ? Math.min(100, Math.floor((Number(used) / whole) * 100)) : 100;
}
