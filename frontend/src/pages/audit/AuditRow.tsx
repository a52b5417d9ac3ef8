import { Button, DescriptionList, Flex } from "@patternfly/react-core";
import { ExpandableRowContent, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { Fact } from "../../components/Fact";
import { StatusLabel } from "../../components/StatusLabel";
import { actionWords, readFacts, targetWords } from "../../lib/auditWords";
import { keyPath, modelPath, personPath, subscriptionPath } from "../../lib/paths";
import { formatDay, formatTime } from "../../lib/time";
import type { AddressChanges } from "../../lib/useAddress";
import type { AuditRow_entry$key } from "./__generated__/AuditRow_entry.graphql";

export const AUDIT_COLUMNS = ["When", "Who", "What", "To what", "Outcome", "From"];

const PATHS: Record<string, (id: string) => string> = {
  api_key: keyPath,
  model: modelPath,
  subscription: subscriptionPath,
  user: personPath,
};

/** The length of the longest address that fits into its column. */
const IPV4 = 15;

interface AuditRowProps {
  entry: AuditRow_entry$key;
  rowIndex: number;
  onChange: (changes: AddressChanges) => void;
}

/** One entry, which opens to all that is known of it. */
export function AuditRow({ entry: ref, rowIndex, onChange }: AuditRowProps) {
  const entry = useFragment(
    graphql`
      fragment AuditRow_entry on AuditEntry {
        at
        actor
        action
        target
        targetId
        outcome
        requestId
        address
        facts {
          name
          value
        }
      }
    `,
    ref,
  );
  const [isExpanded, setExpanded] = useState(false);
  const at = Date.parse(entry.at);
  const address = entry.address ?? "–";
  const { changes, others } = readFacts(entry.facts);
  const name = entry.facts.find((fact) => fact.name === "name")?.value;
  const target = name ? `${targetWords(entry.target)} ${name}` : targetWords(entry.target);
  const path = PATHS[entry.target.split(":")[0]!];
  return (
    <Tbody isExpanded={isExpanded}>
      <Tr>
        <Td
          expand={{
            rowIndex,
            isExpanded,
            expandId: "audit",
            onToggle: () => setExpanded(!isExpanded),
          }}
        />
        <Td dataLabel="When" modifier="nowrap">
          <div>
            {formatDay(at)}
            <br />
            <small>{formatTime(at)}</small>
          </div>
        </Td>
        <Td dataLabel="Who" modifier="breakWord">{entry.actor}</Td>
        <Td dataLabel="What">
          <div>
            {actionWords(entry.action)}
            <br />
            <code className="long-word">{entry.action}</code>
          </div>
        </Td>
        <Td dataLabel="To what" modifier="breakWord">
          {path && entry.targetId ? <Link to={path(entry.targetId)}>{target}</Link> : target}
        </Td>
        <Td dataLabel="Outcome">
          <div>
            <StatusLabel of="outcome" status={entry.outcome} />
          </div>
        </Td>
        <Td dataLabel="From" modifier={address.length > IPV4 ? "breakWord" : "nowrap"}>
          {address}
        </Td>
      </Tr>
      <Tr isExpanded={isExpanded}>
        <Td colSpan={AUDIT_COLUMNS.length + 1}>
          <ExpandableRowContent>
            {changes.length > 0 ? (
              <Table aria-label="Before and after" variant="compact" borders={false} gridBreakPoint="">
                <Thead>
                  <Tr>
                    <Th>Changed</Th>
                    <Th>Before</Th>
                    <Th>After</Th>
                  </Tr>
                </Thead>
                <Tbody>
                  {changes.map((change) => (
                    <Tr key={change.name}>
                      <Td modifier="breakWord">{change.name}</Td>
                      <Td modifier="breakWord">{change.before}</Td>
                      <Td modifier="breakWord">{change.after}</Td>
                    </Tr>
                  ))}
                </Tbody>
              </Table>
            ) : null}
            <DescriptionList isCompact columnModifier={{ default: "1Col", lg: "2Col" }} className="words">
              {others.map((fact) => (
                <Fact key={fact.name} name={fact.name}>
                  {fact.value}
                </Fact>
              ))}
              <Fact name="Target">
                <code>{entry.target}</code>
              </Fact>
              {entry.requestId ? (
                <Fact name="Request">
                  <code>{entry.requestId}</code>
                </Fact>
              ) : null}
            </DescriptionList>
            <Flex columnGap={{ default: "columnGapMd" }} rowGap={{ default: "rowGapSm" }} className="above">
              {entry.target.includes(":") ? (
                <Button variant="link" isInline onClick={() => onChange({ target: entry.target })}>
                  Only this {targetWords(entry.target).toLowerCase()}
                </Button>
              ) : null}
              <Button variant="link" isInline onClick={() => onChange({ action: entry.action })}>
                Only {entry.action}
              </Button>
              <Button variant="link" isInline onClick={() => onChange({ actor: entry.actor })}>
                Only by {entry.actor}
              </Button>
            </Flex>
          </ExpandableRowContent>
        </Td>
      </Tr>
    </Tbody>
  );
}
