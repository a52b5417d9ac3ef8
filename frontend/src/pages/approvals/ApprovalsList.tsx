import { Table, Th, Thead, Tr } from "@patternfly/react-table";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { graphql, usePaginationFragment } from "react-relay";

import { LoadMore } from "../../components/LoadMore";
import { ApprovalRow } from "./ApprovalRow";
import { BulkDecision } from "./BulkDecision";
import { Outcomes } from "./Outcomes";
import { useApprovalsCount } from "./useApprovalsCount";
import { useDecisions } from "./useDecisions";
import type { ApprovalsTable_query$key } from "./__generated__/ApprovalsTable_query.graphql";
import type { ApprovalsTableMoreQuery } from "./__generated__/ApprovalsTableMoreQuery.graphql";

export const PAGE = 20;
export const APPROVAL_COLUMNS = ["Request", "From", "Reason", "Limits asked for", "Waiting since"];

interface ApprovalsTableProps {
  query: ApprovalsTable_query$key;
  reader: { id: string; role: string } | null | undefined;
  empty: ReactNode;
  /** Asks for the list again. */
  onChanged: () => void;
}

export function ApprovalsTable({ query: queryRef, reader, empty, onChanged }: ApprovalsTableProps) {
  const { data, loadNext, hasNext, isLoadingNext } = usePaginationFragment<
    ApprovalsTableMoreQuery,
    ApprovalsTable_query$key
  >(
    graphql`
      fragment ApprovalsTable_query on Query
      @refetchable(queryName: "ApprovalsTableMoreQuery")
      @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" }) {
        admin {
          modelSubscriptions(first: $first, after: $after, awaiting: true, orderBy: LONGEST_WAITING)
            @connection(key: "ApprovalsTable_modelSubscriptions", filters: []) {
            __id
            totalCount
            edges {
              node {
                id
                user {
                  id
                }
                ...ApprovalRow_subscription
                ...useDecisions_subscription
              }
            }
          }
        }
      }
    `,
    queryRef,
  );
  const { edges, totalCount, __id: connection } = data.admin.modelSubscriptions;
  const canDecide = reader?.role === "ADMIN";
  const decisions = useDecisions(connection);
  const [openId, setOpenId] = useState<string>();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  // A row that is being worked on does not go away under the reader's hands.
  useChanges(onChanged, openId !== undefined || decisions.isRunning);

  const mine = (user: { id: string } | null | undefined) => user?.id === reader?.id;
  const decidable = edges.filter(({ node }) => !mine(node.user)).map(({ node }) => node);
  const selected = decidable.filter(({ id }) => chosen.has(id));
  const choose = (id: string, isChosen: boolean) =>
    setChosen((before) => new Set(isChosen ? [...before, id] : [...before].filter((each) => each !== id)));

  return (
    <>
      <Outcomes outcomes={decisions.outcomes} onClose={decisions.clearOutcomes} />
      {edges.length === 0 ? (
        empty
      ) : (
        <>
          {canDecide ? (
            <BulkDecision
              all={decidable.length}
              selected={selected}
              isRunning={decisions.isRunning}
              error={decisions.error}
              onSelectAll={(all) => setChosen(new Set(all ? decidable.map(({ id }) => id) : []))}
              onDecide={(verdict, reason) => {
                setOpenId(undefined);
                decisions.decide(selected, { verdict, reason }, () => setChosen(new Set()));
              }}
            />
          ) : null}
          <Table aria-label="Requests that wait for a decision" gridBreakPoint="grid-xl" variant="compact">
            <Thead>
              <Tr>
                {canDecide ? <Th screenReaderText="Choose" /> : null}
                {APPROVAL_COLUMNS.map((column) => (
                  <Th key={column} modifier="nowrap">
                    {column}
                  </Th>
                ))}
                {canDecide ? <Th screenReaderText="Decision" /> : null}
              </Tr>
            </Thead>
            {edges.map(({ node }) => (
              <ApprovalRow
                key={node.id}
                subscription={node}
                canDecide={canDecide}
                isMine={mine(node.user)}
                isChosen={chosen.has(node.id)}
                onChoose={(isChosen) => choose(node.id, isChosen)}
                isOpen={openId === node.id}
                onOpen={(open) => setOpenId(open ? node.id : undefined)}
                isRunning={decisions.isRunning}
                refusal={decisions.refusals.get(node.id)}
                onDecide={(decision) => decisions.decide([node], decision, () => setOpenId(undefined))}
              />
            ))}
          </Table>
          <LoadMore
            shown={edges.length}
            total={totalCount}
            hasNext={hasNext}
            isLoading={isLoadingNext}
            onLoad={(onDone) => loadNext(PAGE, { onComplete: onDone })}
          />
        </>
      )}
    </>
  );
}

/** Calls `onChanged` when the server says that the list changed, as soon as nobody works on a row of it. */
function useChanges(onChanged: () => void, isBusy: boolean): void {
  const { tick } = useApprovalsCount();
  // The first tick says how it is, which the page has just asked for itself.
  const seen = useRef(1);
  useEffect(() => {
    if (isBusy || tick <= seen.current) return;
    seen.current = tick;
    onChanged();
  }, [onChanged, isBusy, tick]);
}
