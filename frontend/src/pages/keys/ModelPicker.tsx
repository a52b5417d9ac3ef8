import { Checkbox, Panel, PanelMain, PanelMainBody, SearchInput, Stack, StackItem } from "@patternfly/react-core";
import { useState } from "react";

import { modeLabel, providerLabel } from "../../lib/labels";

export interface ModelChoice {
  id: string;
  name: string;
  provider: string;
  mode: string;
}

interface ModelPickerProps {
  models: readonly ModelChoice[];
  selected: readonly string[];
  onChange: (selected: string[]) => void;
}

/** Many lists of models are short; only a long one needs a search of its own. */
const SEARCH_FROM = 8;

export function ModelPicker({ models, selected, onChange }: ModelPickerProps) {
  const [search, setSearch] = useState("");
  const words = search.toLowerCase();
  const shown = models.filter(
    ({ name, provider }) => name.toLowerCase().includes(words) || providerLabel(provider).toLowerCase().includes(words),
  );
  const toggle = (id: string, isChosen: boolean) =>
    onChange(isChosen ? [...selected, id] : selected.filter((each) => each !== id));
  return (
    <>
      {models.length >= SEARCH_FROM ? (
        <SearchInput
          aria-label="Search your models"
          placeholder="Search your models"
          value={search}
          onChange={(_, value) => setSearch(value)}
          onClear={() => setSearch("")}
        />
      ) : null}
      <Panel variant="bordered" isScrollable>
        <PanelMain maxHeight="14rem" tabIndex={0} role="region" aria-label="Models to choose from">
          <PanelMainBody>
            <Stack hasGutter>
              {shown.map(({ id, name, provider, mode }) => (
                <StackItem key={id}>
                  <Checkbox
                    id={`key-model-${id}`}
                    label={name}
                    description={`${providerLabel(provider)} · ${modeLabel(mode)}`}
                    isChecked={selected.includes(id)}
                    onChange={(_, isChosen) => toggle(id, isChosen)}
                  />
                </StackItem>
              ))}
              {shown.length === 0 ? <StackItem>None of your models has this in its name.</StackItem> : null}
            </Stack>
          </PanelMainBody>
        </PanelMain>
      </Panel>
    </>
  );
}
