import {
  Checkbox,
  Content,
  DataList,
  DataListCell,
  DataListItem,
  DataListItemCells,
  DataListItemRow,
  EmptyState,
  Flex,
  HelperText,
  HelperTextItem,
  Stack,
  StackItem,
} from "@patternfly/react-core";
import { SearchIcon } from "@patternfly/react-icons";
import { useDeferredValue, useState } from "react";
import { graphql, usePaginationFragment } from "react-relay";

import { LoadMore } from "../../components/LoadMore";
import { SearchBox } from "../../components/SearchBox";
import { TableSkeleton } from "../../components/TableSkeleton";
import { modeLabel, providerLabel } from "../../lib/labels";
import { CURRENCY, formatPrice } from "../../lib/money";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { AccessLabel, LifecycleLabel } from "../models/ModelLabels";
import { MySubscriptionLabel } from "../models/MySubscriptionLabel";
import { canAsk, type ModelChoice, readChoice } from "./modelChoice";
import type { ModelsStep_query$key } from "./__generated__/ModelsStep_query.graphql";
import type { ModelsStepMoreQuery } from "./__generated__/ModelsStepMoreQuery.graphql";
import type { ModelsStepQuery } from "./__generated__/ModelsStepQuery.graphql";

const PAGE = 20;
/** One request follows on the other; more at once would be a wait that nobody understands. */
export const MOST = 10;

interface ModelsStepProps {
  chosen: readonly ModelChoice[];
  error: string | undefined;
  onChange: (chosen: ModelChoice[]) => void;
}

/** Which models: searched, each with its price and what it takes. */
export function ModelsStep({ chosen, error, onChange }: ModelsStepProps) {
  const [search, setSearch] = useState("");
  const shown = useDeferredValue(search);
  return (
    <Stack hasGutter>
      <StackItem>
        <SearchBox label="Search models" placeholder="Name, provider or purpose" value={search} onChange={setSearch} />
      </StackItem>
      <StackItem>
        <HelperText isLiveRegion>
          <HelperTextItem variant={error ? "error" : "default"}>
            {error ?? (chosen.length ? `Chosen: ${chosen.map(({ name }) => name).join(", ")}` : `None chosen. Prices are in ${CURRENCY} per million tokens.`)}
          </HelperTextItem>
        </HelperText>
      </StackItem>
      <StackItem>
        <QueryBoundary skeleton={<TableSkeleton columns={["Model"]} name="the models" />} resetOn={shown}>
          <Found search={shown} chosen={chosen} onChange={onChange} />
        </QueryBoundary>
      </StackItem>
    </Stack>
  );
}

function Found({ search, ...rest }: { search: string } & Omit<ModelsStepProps, "error">) {
  const data = usePageQuery<ModelsStepQuery>(
    graphql`
      query ModelsStepQuery($first: Int!, $filter: ModelFilter) {
        ...ModelsStep_query @arguments(first: $first, filter: $filter)
      }
    `,
    { first: PAGE, filter: search.trim() ? { search: search.trim() } : undefined },
  );
  return <Choices query={data} {...rest} />;
}

function Choices({ query, chosen, onChange }: { query: ModelsStep_query$key } & Omit<ModelsStepProps, "error">) {
  const { data, ...list } = usePaginationFragment<ModelsStepMoreQuery, ModelsStep_query$key>(
    graphql`
      fragment ModelsStep_query on Query
      @refetchable(queryName: "ModelsStepMoreQuery")
      @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" }, filter: { type: "ModelFilter" }) {
        models(first: $first, after: $after, filter: $filter) @connection(key: "ModelsStep_models") {
          totalCount
          edges {
            node {
              id
              ...modelChoice_model
              ...MySubscriptionLabel_model
            }
          }
        }
      }
    `,
    query,
  );
  const { edges, totalCount } = data.models;
  if (edges.length === 0) return <EmptyState titleText="No model fits" headingLevel="h2" icon={SearchIcon} role="status" />;
  return (
    <>
      <DataList aria-label="Models to choose from" isCompact>
        {edges.map(({ node }) => {
          const model = readChoice(node);
          const isChosen = chosen.some(({ id }) => id === model.id);
          return (
            <DataListItem key={model.id} aria-labelledby={`choose-${model.id}`}>
              <DataListItemRow>
                <DataListItemCells
                  dataListCells={[
                    <DataListCell key="model" width={3}>
                      <Checkbox
                        id={`choose-${model.id}`}
                        label={model.name}
                        description={`${providerLabel(model.provider)} · ${modeLabel(model.mode)}`}
                        isChecked={isChosen}
                        isDisabled={!isChosen && (!canAsk(model) || chosen.length >= MOST)}
                        onChange={(_, checked) =>
                          onChange(checked ? [...chosen, model] : chosen.filter(({ id }) => id !== model.id))
                        }
                      />
                    </DataListCell>,
                    <DataListCell key="price" width={2}>
                      <Content component="small">{priceOf(model)}</Content>
                    </DataListCell>,
                    <DataListCell key="access" width={2}>
                      <Flex gap={{ default: "gapXs" }}>
                        <MySubscriptionLabel model={node} />
                        <AccessLabel access={model.access} />
                        <LifecycleLabel lifecycle={model.lifecycle} />
                      </Flex>
                    </DataListCell>,
                  ]}
                />
              </DataListItemRow>
            </DataListItem>
          );
        })}
      </DataList>
      <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
    </>
  );
}

/** "$0.15 in, $0.60 out" */
function priceOf({ inputCostPerMillion, outputCostPerMillion }: ModelChoice): string {
  if (inputCostPerMillion == null && outputCostPerMillion == null) return formatPrice(null);
  return `${formatPrice(inputCostPerMillion)} in, ${formatPrice(outputCostPerMillion)} out`;
}
