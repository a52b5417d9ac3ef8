import { Button, Pagination, Toolbar, ToolbarContent, ToolbarItem } from "@patternfly/react-core";
import { SyncAltIcon } from "@patternfly/react-icons";
import { useDeferredValue, useState } from "react";
import { fetchQuery, graphql, useFragment, useRelayEnvironment } from "react-relay";

import { TableSkeleton } from "../../components/TableSkeleton";
import { formatCount } from "../../lib/numbers";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { type Asked, askedVariables } from "./asked";
import { CallDialog } from "./CallDialog";
import { callColumns, CallTable } from "./CallTable";
import { NoCalls } from "./NoCalls";
import { UsageStanding } from "./UsageStanding";
import type { UsageCalls_usage$key } from "./__generated__/UsageCalls_usage.graphql";
import type { UsageCallsQuery } from "./__generated__/UsageCallsQuery.graphql";

const PAGE = 25;

const query = graphql`
  query UsageCallsQuery($all: Boolean!, $range: TimeRange!, $filter: UsageFilter, $first: Int!, $after: String) {
    viewer @skip(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageCalls_usage @arguments(first: $first, after: $after)
      }
    }
    admin @include(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageCalls_usage @arguments(first: $first, after: $after)
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
  const variables = { ...askedVariables(asked), first: PAGE, after: passed.at(-1) };
  const data = usePageQuery<UsageCallsQuery>(query, variables);
  const usage = useFragment<UsageCalls_usage$key>(
    graphql`
      fragment UsageCalls_usage on Usage @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" }) {
        totals {
          requests
        }
        ...UsageStanding_usage
        calls(first: $first, after: $after) {
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
  if (edges.length === 0 && passed.length === 0) {
    return usage.totals.requests > 0 ? <p>These calls are no longer kept one by one; their sums are.</p> : <NoCalls asked={asked} />;
  }
  return (
    <>
      <UsageStanding usage={usage} asked={asked} />
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
          <ToolbarItem variant="pagination" align={{ default: "alignEnd" }}>
            {formatCount(offset + 1)}–{formatCount(offset + edges.length)} of {formatCount(usage.totals.requests)}
          </ToolbarItem>
          <ToolbarItem>
            <Pagination
              isCompact
              isDisabled={isLoading}
              itemCount={pageInfo.hasNextPage ? Math.max(usage.totals.requests, offset + PAGE + 1) : offset + edges.length}
              perPage={PAGE}
              perPageOptions={[]}
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

/** The calls behind the numbers, page by page: what is known of each, never what was said. */
export function UsageCalls({ asked }: { asked: Asked }) {
  const [passed, setPassed] = useState<readonly string[]>([]);
  const [of, setOf] = useState(asked);
  if (of.range !== asked.range || of.filter !== asked.filter) {
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
