import { Stack, StackItem } from "@patternfly/react-core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { graphql, usePaginationFragment } from "react-relay";

import { LoadMore } from "../../components/LoadMore";
import { ApprovalCard } from "./ApprovalCard";
import { BulkDecision } from "./BulkDecision";
import { Outcomes } from "./Outcomes";
import { useApprovalsCount } from "./useApprovalsCount";
import { useDecisions } from "./useDecisions";
import type { ApprovalsList_query$key } from "./__generated__/ApprovalsList_query.graphql";
import type { ApprovalsListMoreQuery } from "./__generated__/ApprovalsListMoreQuery.graphql";

export const PAGE = 20;

interface ApprovalsListProps {
  query: ApprovalsList_query$key;
  reader: { id: string; role: string } | null | undefined;
  empty: ReactNode;
  /** Asks for the list again. */
  onChanged: () => void;
}

export function ApprovalsList({ query: queryRef, reader, empty, onChanged }: ApprovalsListProps) {
  const { data, ...list } = usePaginationFragment<ApprovalsListMoreQuery, ApprovalsList_query$key>(
    graphql`
      fragment ApprovalsList_query on Query
      @refetchable(queryName: "ApprovalsListMoreQuery")
      @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" }) {
        admin {
          modelSubscriptions(first: $first, after: $after, awaiting: true, orderBy: LONGEST_WAITING)
            @connection(key: "ApprovalsList_modelSubscriptions", filters: []) {
            __id
            totalCount
            edges {
              node {
                id
                user {
                  id
                }
                ...ApprovalCard_subscription
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
          <Stack component="ul" hasGutter aria-label="Requests that wait for a decision">
            {edges.map(({ node }) => (
              <StackItem key={node.id} component="li">
                <ApprovalCard
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
              </StackItem>
            ))}
          </Stack>
          <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
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
