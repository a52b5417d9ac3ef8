import { TextInput, Toolbar, ToolbarContent, ToolbarFilter, ToolbarItem } from "@patternfly/react-core";
import { useCallback } from "react";

import { ChoiceSelect } from "../../components/ChoiceSelect";
import { SearchBox } from "../../components/SearchBox";
import { type AuditChoice, KINDS, OUTCOMES, TIMES, WHOLE_RECORD } from "../../lib/auditChoice";
import { actionWords, targetWords } from "../../lib/auditWords";
import type { AddressChanges } from "../../lib/useAddress";

interface AuditToolbarProps {
  choice: AuditChoice;
  onChange: (changes: AddressChanges, replace?: boolean) => void;
}

const ANY_KIND = { "": "To anything", ...KINDS };

/** Narrows the record down: who, what, to what, how it ended, when, and words. */
export function AuditToolbar({ choice, onChange }: AuditToolbarProps) {
  const setSearch = useCallback((q: string) => onChange({ q }, true), [onChange]);
  const setActor = useCallback((actor: string) => onChange({ actor }, true), [onChange]);
  const isKind = Object.hasOwn(ANY_KIND, choice.target);
  return (
    <Toolbar
      clearAllFilters={() => onChange(WHOLE_RECORD)}
      clearFiltersButtonText="Show all"
      inset={{ default: "insetNone" }}
    >
      <ToolbarContent>
        <ToolbarItem>
          <SearchBox label="Search the record" placeholder="Who, what or to what" value={choice.search} onChange={setSearch} />
        </ToolbarItem>
        <ToolbarItem>
          <SearchBox label="Who" placeholder="By whom: a username" value={choice.actor} onChange={setActor} />
        </ToolbarItem>
        <ToolbarFilter
          categoryName="What"
          labels={choice.action ? [{ key: choice.action, node: actionWords(choice.action) }] : []}
          deleteLabel={() => onChange({ action: null })}
        >
          <ToolbarFilter
            categoryName="To what"
            labels={isKind ? [] : [{ key: choice.target, node: `${targetWords(choice.target)} ${choice.target.split(":")[1]}` }]}
            deleteLabel={() => onChange({ target: null })}
          >
            <ChoiceSelect
              title="To what"
              options={isKind ? ANY_KIND : { [choice.target]: `One ${targetWords(choice.target).toLowerCase()}`, ...ANY_KIND }}
              selected={choice.target}
              onChange={(target) => onChange({ target })}
            />
          </ToolbarFilter>
        </ToolbarFilter>
        <ToolbarItem>
          <ChoiceSelect
            title="Outcome"
            options={OUTCOMES}
            selected={choice.outcome}
            onChange={(outcome) => onChange({ outcome })}
          />
        </ToolbarItem>
        <ToolbarItem>
          <ChoiceSelect
            title="When"
            options={TIMES}
            selected={choice.when}
            onChange={(when) => onChange({ when, from: null, to: null })}
          />
        </ToolbarItem>
        {choice.when === "own" ? (
          <>
            <ToolbarItem>
              <TextInput
                type="date"
                aria-label="First day"
                value={choice.from}
                onChange={(_, from) => onChange({ from }, true)}
              />
            </ToolbarItem>
            <ToolbarItem>
              <TextInput type="date" aria-label="Last day" value={choice.to} onChange={(_, to) => onChange({ to }, true)} />
            </ToolbarItem>
          </>
        ) : null}
      </ToolbarContent>
    </Toolbar>
  );
}
