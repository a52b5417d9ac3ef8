import { Button, Content, EmptyState, EmptyStateBody, Flex, PageSection } from "@patternfly/react-core";
import { DownloadIcon, HistoryIcon } from "@patternfly/react-icons";
import { Table, Th, Thead, Tr } from "@patternfly/react-table";
import { useDeferredValue, useMemo, useState } from "react";
import { graphql, usePaginationFragment } from "react-relay";

import { HelpButton } from "../../components/HelpButton";
import { LoadMore } from "../../components/LoadMore";
import { NothingFound } from "../../components/NothingFound";
import { TableSkeleton } from "../../components/TableSkeleton";
import { auditFilter, exportHref, parseAuditChoice, WHOLE_RECORD } from "../../lib/auditChoice";
import { formatSome } from "../../lib/numbers";
import { formatExact } from "../../lib/time";
import { type AddressChanges, useAddress } from "../../lib/useAddress";
import { useNow } from "../../lib/useNow";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { AUDIT_COLUMNS, AuditRow } from "./AuditRow";
import { AuditToolbar } from "./AuditToolbar";
import type { AuditPage_query$key } from "./__generated__/AuditPage_query.graphql";
import type { AuditPageMoreQuery } from "./__generated__/AuditPageMoreQuery.graphql";
import type { AuditFilter, AuditPageQuery } from "./__generated__/AuditPageQuery.graphql";

const PAGE = 50;

interface RowsProps {
  query: AuditPage_query$key;
  isFiltered: boolean;
  onChange: (changes: AddressChanges) => void;
}

function Rows({ query, isFiltered, onChange }: RowsProps) {
  const { data, ...list } = usePaginationFragment<AuditPageMoreQuery, AuditPage_query$key>(
    graphql`
      fragment AuditPage_query on Query
      @refetchable(queryName: "AuditPageMoreQuery")
      @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" }, filter: { type: "AuditFilter" }) {
        admin {
          auditLog(first: $first, after: $after, filter: $filter) @connection(key: "AuditPage_auditLog") {
            edges {
              node {
                id
                ...AuditRow_entry
              }
            }
          }
          auditRemoval {
            entries
            begins
            keepDays
          }
        }
      }
    `,
    query,
  );
  const { auditLog, auditRemoval } = data.admin;
  const { edges } = auditLog;
  const beginning = auditRemoval ? <Beginning {...auditRemoval} /> : null;
  if (edges.length === 0) {
    return (
      <>
        {isFiltered ? <NothingFound title="No entry fits" onClear={() => onChange(WHOLE_RECORD)} /> : <NoEntries />}
        {beginning}
      </>
    );
  }
  return (
    <>
      <Table aria-label="The record" variant="compact" gridBreakPoint="grid-lg">
        <Thead>
          <Tr>
            <Th screenReaderText="Details" />
            {AUDIT_COLUMNS.map((column) => (
              <Th key={column}>{column}</Th>
            ))}
          </Tr>
        </Thead>
        {edges.map(({ node }, index) => (
          <AuditRow key={node.id} entry={node} rowIndex={index} onChange={onChange} />
        ))}
      </Table>
      <LoadMore list={list} size={PAGE} shown={edges.length} />
      {list.hasNext ? null : beginning}
    </>
  );
}

interface BeginningProps {
  entries: number;
  begins: string;
  keepDays: number | null | undefined;
}

/** Where the record begins, if that is not where everything began. */
function Beginning({ entries, begins, keepDays }: BeginningProps) {
  const after = keepDays == null ? "" : ` after ${formatSome(keepDays, "day")}, as set`;
  return (
    <Content component="p" className="above">
      The record begins at {formatExact(Date.parse(begins))}; {formatSome(entries, "older entry", "older entries")}{" "}
      {entries === 1 ? "was" : "were"} removed{after}.
    </Content>
  );
}

function Loaded({ filter, onChange }: { filter: AuditFilter; onChange: (changes: AddressChanges) => void }) {
  const data = usePageQuery<AuditPageQuery>(
    graphql`
      query AuditPageQuery($first: Int!, $filter: AuditFilter) {
        ...AuditPage_query @arguments(first: $first, filter: $filter)
      }
    `,
    { first: PAGE, filter },
  );
  return <Rows query={data} isFiltered={Object.keys(filter).length > 0} onChange={onChange} />;
}

/** What was done and refused, for auditors and admins: who, what, to what, from where. */
export function AuditPage() {
  const [params, change] = useAddress();
  const choice = useMemo(() => parseAuditChoice(params), [params]);
  // "The last hour" ends where the page was asked for, so that the list and the files have the same entries.
  const now = useNow();
  const [asked, setAsked] = useState({ choice, now });
  if (asked.choice !== choice) setAsked({ choice, now });
  const filter = useMemo(() => auditFilter(choice, asked.now), [choice, asked.now]);
  const shown = useDeferredValue(filter);
  return (
    <>
      <PageHeading
        title="Audit"
        description={
          <>
            What was done and what was refused, newest first. Nobody can change an entry, and each is sealed by the next.{" "}
            <HelpButton about="seals" />
          </>
        }
        actions={
          <Flex columnGap={{ default: "columnGapSm" }} rowGap={{ default: "rowGapSm" }}>
            <Export filter={filter} format="csv">
              Export CSV
            </Export>
            <Export filter={filter} format="jsonl">
              Export JSON lines
            </Export>
          </Flex>
        }
      />
      <PageSection isFilled>
        <AuditToolbar choice={choice} onChange={change} />
        <QueryBoundary skeleton={<TableSkeleton columns={AUDIT_COLUMNS} name="the record" />} resetOn={shown}>
          <Loaded filter={shown} onChange={change} />
        </QueryBoundary>
      </PageSection>
    </>
  );
}

function Export({ filter, format, children }: { filter: AuditFilter; format: "csv" | "jsonl"; children: string }) {
  return (
    <Button component="a" href={exportHref(filter, format)} download variant="secondary" icon={<DownloadIcon />}>
      {children}
    </Button>
  );
}

function NoEntries() {
  return (
    <EmptyState titleText="Nothing yet" headingLevel="h2" icon={HistoryIcon}>
      <EmptyStateBody>Every change and every refusal comes here.</EmptyStateBody>
    </EmptyState>
  );
}
