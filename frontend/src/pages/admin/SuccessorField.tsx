import { Button, FormGroup, Label, Menu, MenuContent, MenuItem, MenuList, Stack, StackItem } from "@patternfly/react-core";
import { useDeferredValue, useState } from "react";
import { graphql } from "react-relay";

import { SearchBox } from "../../components/SearchBox";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import type { SuccessorFieldQuery } from "./__generated__/SuccessorFieldQuery.graphql";

const SHOWN = 6;

export interface Successor {
  id: string;
  name: string;
}

interface SuccessorFieldProps {
  /** The model that is to be followed. */
  modelId: string;
  value: Successor | null;
  onChange: (value: Successor | null) => void;
}

/** The model to use instead. */
export function SuccessorField({ modelId, value, onChange }: SuccessorFieldProps) {
  const [isSearching, setSearching] = useState(false);
  const [search, setSearch] = useState("");
  const shown = useDeferredValue(search);
  return (
    <FormGroup label="What to use instead (optional)" role="group" fieldId="successor">
      {isSearching ? (
        <Stack hasGutter>
          <StackItem>
            <SearchBox label="Search for a successor" placeholder="Name" value={search} onChange={setSearch} />
          </StackItem>
          <StackItem>
            <QueryBoundary skeleton={null} resetOn={shown}>
              <Found
                search={shown}
                modelId={modelId}
                onPick={(model) => {
                  onChange(model);
                  setSearching(false);
                }}
              />
            </QueryBoundary>
          </StackItem>
        </Stack>
      ) : (
        <>
          {value ? (
            <Label onClose={() => onChange(null)} closeBtnAriaLabel={`Not ${value.name}`}>
              {value.name}
            </Label>
          ) : (
            "Nothing"
          )}{" "}
          <Button variant="link" isInline onClick={() => setSearching(true)}>
            Choose a model
          </Button>
        </>
      )}
    </FormGroup>
  );
}

function Found({ search, modelId, onPick }: { search: string; modelId: string; onPick: (model: Successor) => void }) {
  const { models } = usePageQuery<SuccessorFieldQuery>(
    graphql`
      query SuccessorFieldQuery($first: Int!, $filter: ModelFilter) {
        models(first: $first, filter: $filter) {
          edges {
            node {
              id
              name
            }
          }
        }
      }
    `,
    { first: SHOWN, filter: { search: search.trim() || undefined, lifecycle: ["AVAILABLE"] } },
  );
  const found = models.edges.map(({ node }) => node).filter(({ id }) => id !== modelId);
  if (found.length === 0) return "No model fits.";
  return (
    <Menu isPlain aria-label="Models found" onSelect={(_, id) => onPick(found.find((model) => model.id === id)!)}>
      <MenuContent>
        <MenuList>
          {found.map(({ id, name }) => (
            <MenuItem key={id} itemId={id}>
              {name}
            </MenuItem>
          ))}
        </MenuList>
      </MenuContent>
    </Menu>
  );
}
