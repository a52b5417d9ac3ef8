import { Button, Card, CardBody, CardFooter, CardTitle, Content, Flex, Label, type LabelProps } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, useFragment } from "react-relay";

import { RelativeTime } from "../../components/RelativeTime";
import { formatCount } from "../../lib/numbers";
import type { KeyGenerations_key$key } from "./__generated__/KeyGenerations_key.graphql";

const COLUMNS = ["Secret", "Status", "Requests in 24 hours", "Last used", "Made", "Ends"];

const LOOKS: Record<string, { text: string; color: LabelProps["color"] }> = {
  PROVISIONING: { text: "Being made", color: "blue" },
  ACTIVE: { text: "Works", color: "green" },
  ENDING: { text: "Works until it ends", color: "orange" },
  ENDED: { text: "Ended", color: "grey" },
};

interface KeyGenerationsProps {
  apiKey: KeyGenerations_key$key;
  /** Left out for those who may only look. */
  onFinish: (() => void) | undefined;
  onUndo: (() => void) | undefined;
}

/** The secrets that a key had and has, with the traffic on each: whether the old one is still used. */
export function KeyGenerations({ apiKey: keyRef, onFinish, onUndo }: KeyGenerationsProps) {
  const { status, generations } = useFragment(
    graphql`
      fragment KeyGenerations_key on ApiKey {
        status
        generations {
          number
          prefix
          lastFour
          status
          createdAt
          endsAt
          lastUsedAt
          requestsLastDay
        }
      }
    `,
    keyRef,
  );
  const isRotating = status === "ROTATING";
  if (generations.length < 2) return null;
  const old = generations.find((each) => each.status === "ENDING");
  return (
    <Card>
      <CardTitle component="h2">{isRotating ? "Rotation under way" : "Secrets"}</CardTitle>
      {isRotating && old ? (
        <CardBody>
          <Content component="p" aria-live="polite">
            Both secrets work. {traffic(old.requestsLastDay)}
          </Content>
        </CardBody>
      ) : null}
      <CardBody>
        <Table aria-label="Secrets of this key" variant="compact" gridBreakPoint="grid-lg">
          <Thead>
            <Tr>
              {COLUMNS.map((column) => (
                <Th key={column} modifier="wrap">
                  {column}
                </Th>
              ))}
            </Tr>
          </Thead>
          <Tbody>
            {generations
              .toSorted((a, b) => b.number - a.number)
              .map(({ number, prefix, lastFour, endsAt, lastUsedAt, ...each }) => (
                <Tr key={number}>
                  <Td dataLabel="Secret">
                    <code>
                      {prefix}…{lastFour}
                    </code>
                  </Td>
                  <Td dataLabel="Status">
                    <Label isCompact color={LOOKS[each.status]?.color}>
                      {LOOKS[each.status]?.text ?? each.status}
                    </Label>
                  </Td>
                  <Td dataLabel="Requests in 24 hours">{formatCount(each.requestsLastDay)}</Td>
                  <Td dataLabel="Last used">{lastUsedAt ? <RelativeTime at={lastUsedAt} /> : "Never"}</Td>
                  <Td dataLabel="Made">
                    <RelativeTime at={each.createdAt} />
                  </Td>
                  <Td dataLabel="Ends">{endsAt ? <RelativeTime at={endsAt} /> : "With the key"}</Td>
                </Tr>
              ))}
          </Tbody>
        </Table>
      </CardBody>
      {isRotating && onFinish && onUndo ? (
        <CardFooter>
          <Flex columnGap={{ default: "columnGapSm" }}>
            <Button variant="secondary" onClick={onFinish}>
              Finish now
            </Button>
            <Button variant="link" onClick={onUndo}>
              Undo
            </Button>
          </Flex>
        </CardFooter>
      ) : null}
    </Card>
  );
}

function traffic(requests: number): string {
  if (requests === 0) return "Nobody called with the old one in the last 24 hours.";
  return `The old one was used ${requests === 1 ? "once" : `${formatCount(requests)} times`} in the last 24 hours.`;
}
