import { EmptyState, EmptyStateBody, PageSection, ToolbarItem } from "@patternfly/react-core";
import { UsersIcon } from "@patternfly/react-icons";
import { Table, Tbody, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, usePaginationFragment } from "react-relay";

import { ChoiceSelect } from "../../components/ChoiceSelect";
import { FacetFilter } from "../../components/FacetFilter";
import { ListToolbar } from "../../components/ListToolbar";
import { LoadMore } from "../../components/LoadMore";
import { NothingFound } from "../../components/NothingFound";
import { OrderChoice } from "../../components/OrderChoice";
import { TableSkeleton } from "../../components/TableSkeleton";
import { roleLabel } from "../../lib/labels";
import {
  ACCESSES,
  EVERYBODY,
  isFiltered,
  parsePersonChoice,
  PERSON_ORDERS,
  type PersonChoice,
  personVariables,
  ROLES,
} from "../../lib/personChoice";
import type { Reader } from "../../lib/reader";
import { useChoice } from "../../lib/useChoice";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { PERSON_COLUMNS, PersonRow } from "./PersonRow";
import type { PeoplePage_query$key } from "./__generated__/PeoplePage_query.graphql";
import type { PeoplePageMoreQuery } from "./__generated__/PeoplePageMoreQuery.graphql";
import type { PeoplePageQuery } from "./__generated__/PeoplePageQuery.graphql";

const PAGE = 25;

interface RowsProps {
  query: PeoplePage_query$key;
  reader: Reader | null | undefined;
  isFiltered: boolean;
  onClear: () => void;
}

function Rows({ query, reader, isFiltered: isPart, onClear }: RowsProps) {
  const { data, ...list } = usePaginationFragment<PeoplePageMoreQuery, PeoplePage_query$key>(
    graphql`
      fragment PeoplePage_query on Query
      @refetchable(queryName: "PeoplePageMoreQuery")
      @argumentDefinitions(
        first: { type: "Int!" }
        after: { type: "String" }
        search: { type: "String" }
        role: { type: "[Role!]" }
        disabled: { type: "Boolean" }
        orderBy: { type: "UserOrder" }
      ) {
        admin {
          users(first: $first, after: $after, search: $search, role: $role, disabled: $disabled, orderBy: $orderBy)
            @connection(key: "PeoplePage_users") {
            totalCount
            edges {
              node {
                id
                ...PersonRow_user
              }
            }
          }
        }
      }
    `,
    query,
  );
  const { edges, totalCount } = data.admin.users;
  if (edges.length === 0) return isPart ? <NothingFound title="Nobody fits" onClear={onClear} /> : <Nobody />;
  return (
    <>
      <Table aria-label="People" variant="compact" gridBreakPoint="grid-xl">
        <Thead>
          <Tr>
            {PERSON_COLUMNS.map((column) => (
              <Th key={column} modifier="nowrap" width={column === "Person" ? 20 : undefined}>
                {column}
              </Th>
            ))}
            <Th screenReaderText="Actions" />
          </Tr>
        </Thead>
        <Tbody>
          {edges.map(({ node }) => (
            <PersonRow key={node.id} user={node} reader={reader} />
          ))}
        </Tbody>
      </Table>
      <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
    </>
  );
}

function Loaded({ choice, onClear }: { choice: PersonChoice; onClear: () => void }) {
  const data = usePageQuery<PeoplePageQuery>(
    graphql`
      query PeoplePageQuery($first: Int!, $search: String, $role: [Role!], $disabled: Boolean, $orderBy: UserOrder) {
        viewer {
          user {
            id
            role
          }
        }
        ...PeoplePage_query
          @arguments(first: $first, search: $search, role: $role, disabled: $disabled, orderBy: $orderBy)
      }
    `,
    { first: PAGE, ...personVariables(choice) },
  );
  return <Rows query={data} reader={data.viewer.user} isFiltered={isFiltered(choice)} onClear={onClear} />;
}

/** Everybody who ever signed in, for those who look after them. */
export function PeoplePage() {
  const { choice, shown, change, search, clear } = useChoice(parsePersonChoice, EVERYBODY);
  return (
    <>
      <PageHeading title="People" description="Everybody who ever signed in. Groups decide who has which role." />
      <PageSection isFilled>
        <ListToolbar
          search={{
            label: "Search the people",
            placeholder: "Name or e-mail address",
            value: choice.search,
            onChange: search,
          }}
          onClear={clear}
        >
          <FacetFilter
            title="Role"
            options={ROLES}
            label={roleLabel}
            selected={choice.roles}
            onChange={(role) => change({ role })}
          />
          <ToolbarItem>
            <ChoiceSelect
              title="Access"
              options={ACCESSES}
              selected={choice.access}
              onChange={(access) => change({ access })}
            />
          </ToolbarItem>
          <OrderChoice options={PERSON_ORDERS} selected={choice.order} onChange={change} />
        </ListToolbar>
        <QueryBoundary skeleton={<TableSkeleton columns={PERSON_COLUMNS} name="the people" />} resetOn={shown}>
          <Loaded choice={shown} onClear={clear} />
        </QueryBoundary>
      </PageSection>
    </>
  );
}

function Nobody() {
  return (
    <EmptyState titleText="Nobody yet" headingLevel="h2" icon={UsersIcon}>
      <EmptyStateBody>People appear here when they first sign in.</EmptyStateBody>
    </EmptyState>
  );
}
