import {
  Alert,
  Button,
  EmptyState,
  EmptyStateBody,
  Pagination,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from "@patternfly/react-core";
import { ArchiveIcon, SyncAltIcon } from "@patternfly/react-icons";
import { useDeferredValue, useState } from "react";
import { fetchQuery, graphql, useFragment, useRelayEnvironment } from "react-relay";

import { NothingFound } from "../../components/NothingFound";
import { TableSkeleton } from "../../components/TableSkeleton";
import { ALL_CALLS } from "../../lib/callChoice";
import { formatCount } from "../../lib/numbers";
import { formatMinute } from "../../lib/time";
import { useAddress } from "../../lib/useAddress";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { type Asked, askedVariables } from "./asked";
import { CallDialog } from "./CallDialog";
import { callColumns, CallTable } from "./CallTable";
import { NoCalls } from "./NoCalls";
import { UsageStanding } from "./UsageStanding";
import type { UsageCalls_usage$key } from "./__generated__/UsageCalls_usage.graphql";
import type { UsageCallsCountQuery } from "./__generated__/UsageCallsCountQuery.graphql";
import type { UsageCallsQuery } from "./__generated__/UsageCallsQuery.graphql";

const PAGE = 25;

const query = graphql`
  query UsageCallsQuery($all: Boolean!, $range: TimeRange!, $filter: UsageFilter, $calls: CallFilter, $first: Int!, $after: String) {
    viewer @skip(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageCalls_usage @arguments(calls: $calls, first: $first, after: $after)
      }
    }
    admin @include(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageCalls_usage @arguments(calls: $calls, first: $first, after: $after)
      }
    }
  }
`;

interface LoadedProps {
  asked: Asked;
  /** The last call of each page before this one. */
  passed: readonly string[];
  isLoading: boolean;
  onPage: (passed: readonly string[]) => void;
}

function Loaded({ asked, passed, isLoading, onPage }: LoadedProps) {
  const variables = { ...askedVariables(asked), calls: asked.calls, first: PAGE, after: passed.at(-1) };
  const data = usePageQuery<UsageCallsQuery>(query, variables);
  const usage = useFragment<UsageCalls_usage$key>(
    graphql`
      fragment UsageCalls_usage on Usage
      @argumentDefinitions(calls: { type: "CallFilter" }, first: { type: "Int!" }, after: { type: "String" }) {
        callsKeptFrom
        totals {
          requests
        }
        ...UsageStanding_usage
        calls(first: $first, after: $after, filter: $calls) {
          edges {
            cursor
            node {
              callId
              ...CallTable_call
              ...CallDialog_call
            }
          }
          pageInfo {
            endCursor
            hasNextPage
          }
        }
      }
    `,
    (data.admin ?? data.viewer)!.usage,
  );
  const environment = useRelayEnvironment();
  const [openId, setOpenId] = useState<string | null>(null);
  const { edges, pageInfo } = usage.calls;
  const open = edges.find(({ node }) => node.callId === openId)?.node;
  const offset = passed.length * PAGE;
  const keptFrom = usage.callsKeptFrom ? Date.parse(usage.callsKeptFrom) : 0;
  const isCut = keptFrom > Date.parse(asked.range.start);
  if (edges.length === 0 && passed.length === 0) {
    return <NoSingleCalls asked={asked} requests={usage.totals.requests} keptFrom={isCut ? keptFrom : null} />;
  }
  return (
    <>
      <UsageStanding usage={usage} asked={asked} />
      {isCut ? <Alert isInline isPlain variant="info" title={noLonger(keptFrom)} /> : null}
      <Toolbar inset={{ default: "insetNone" }}>
        <ToolbarContent>
          <ToolbarItem>
            <Button
              variant="secondary"
              icon={<SyncAltIcon />}
              isDisabled={isLoading}
              onClick={() => {
                if (passed.length > 0) onPage([]);
                else fetchQuery<UsageCallsQuery>(environment, query, variables).subscribe({ error: () => {} });
              }}
            >
              Show the newest
            </Button>
          </ToolbarItem>
          <ToolbarItem variant="pagination" align={{ default: "alignEnd" }} alignSelf="center">
            {formatCount(offset + 1)}–{formatCount(offset + edges.length)}
            {asked.calls || isCut ? (
              <QueryBoundary skeleton={null} resetOn={asked} isQuiet>
                <CallCount asked={asked} />
              </QueryBoundary>
            ) : (
              ` of ${formatCount(usage.totals.requests)}`
            )}
          </ToolbarItem>
          <ToolbarItem>
            <Pagination
              isCompact
              isDisabled={isLoading}
              itemCount={offset + edges.length + (pageInfo.hasNextPage ? 1 : 0)}
              perPage={PAGE}
              perPageOptions={[]}
              // On small screens, too, its buttons, and not its own "1 - 25 of 26".
              className="pf-m-display-full"
              page={passed.length + 1}
              onNextClick={() => pageInfo.endCursor && onPage([...passed, pageInfo.endCursor])}
              onPreviousClick={() => onPage(passed.slice(0, -1))}
              titles={{ paginationAriaLabel: "Pages of calls" }}
            />
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <CallTable calls={edges.map(({ node }) => node)} all={asked.all} onOpen={setOpenId} />
      {open ? <CallDialog call={open} all={asked.all} onClose={() => setOpenId(null)} /> : null}
    </>
  );
}

/** How many there are where no sum tells. */
function CallCount({ asked }: { asked: Asked }) {
  const data = usePageQuery<UsageCallsCountQuery>(
    graphql`
      query UsageCallsCountQuery($all: Boolean!, $range: TimeRange!, $filter: UsageFilter, $calls: CallFilter) {
        viewer @skip(if: $all) {
          usage(range: $range, filter: $filter) {
            calls(first: 1, filter: $calls) {
              totalCount
            }
          }
        }
        admin @include(if: $all) {
          usage(range: $range, filter: $filter) {
            calls(first: 1, filter: $calls) {
              totalCount
            }
          }
        }
      }
    `,
    { ...askedVariables(asked), calls: asked.calls },
  );
  return ` of ${formatCount((data.admin ?? data.viewer)!.usage.calls.totalCount)}`;
}

interface NoSingleCallsProps {
  asked: Asked;
  /** How many the sums have. */
  requests: number;
  /** From when on single calls are kept, where the range begins earlier. */
  keptFrom: number | null;
}

function NoSingleCalls({ asked, requests, keptFrom }: NoSingleCallsProps) {
  const [, change] = useAddress();
  if (requests === 0) return <NoCalls asked={asked} />;
  if (keptFrom !== null) {
    return (
      <EmptyState titleText="No single calls" headingLevel="h2" icon={ArchiveIcon}>
        <EmptyStateBody>{noLonger(keptFrom)}</EmptyStateBody>
      </EmptyState>
    );
  }
  return <NothingFound title="No call in this period fits" onClear={() => change(ALL_CALLS)} />;
}

const noLonger = (keptFrom: number) => `Calls before ${formatMinute(keptFrom)} are no longer kept one by one; their sums are.`;

/** The calls behind the numbers, page by page: what is known of each, never what was said. */
export function UsageCalls({ asked }: { asked: Asked }) {
  const [passed, setPassed] = useState<readonly string[]>([]);
  const [of, setOf] = useState(asked);
  if (of.range !== asked.range || of.filter !== asked.filter || of.calls !== asked.calls) {
    setOf(asked);
    setPassed([]);
  }
  const shown = useDeferredValue(passed);
  return (
    <QueryBoundary skeleton={<TableSkeleton columns={callColumns(asked.all)} name="the calls" />} resetOn={asked}>
      <Loaded asked={asked} passed={shown} isLoading={shown !== passed} onPage={setPassed} />
    </QueryBoundary>
  );
}
