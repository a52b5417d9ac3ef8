import { DatePicker, ToolbarItem } from "@patternfly/react-core";
import { useState } from "react";

import { localDay } from "../../lib/time";
import type { AddressChanges } from "../../lib/useAddress";
import { type OwnDates, ownBounds } from "../../lib/usageRange";

interface OwnDatesFieldsProps {
  own: OwnDates;
  onChange: (changes: AddressChanges) => void;
}

/** The first and the last day that count. What is not a range yet is not passed on, and said to be wrong. */
export function OwnDatesFields({ own, onChange }: OwnDatesFieldsProps) {
  const [start, end] = ownBounds(own)!;
  const chosen = { from: localDay(new Date(start).toISOString()), to: localDay(new Date(end - 1).toISOString()) };
  const [draft, setDraft] = useState(chosen);
  const [of, setOf] = useState(own);
  if (of.from !== own.from || of.to !== own.to) {
    setOf(own);
    setDraft(chosen);
  }
  const set = (changes: Partial<OwnDates>) => {
    const next = { ...draft, ...changes };
    setDraft(next);
    if (ownBounds(next)) onChange({ range: "own", ...next });
  };
  const isWrong = ownBounds(draft) === null;
  return (
    <>
      <ToolbarItem>
        <DatePicker
          value={draft.from}
          aria-label="First day"
          buttonAriaLabel="Choose the first day"
          invalidFormatText="A day as 2026-11-25"
          onChange={(_, from) => set({ from })}
        />
      </ToolbarItem>
      <ToolbarItem>
        <DatePicker
          value={draft.to}
          aria-label="Last day"
          buttonAriaLabel="Choose the last day"
          invalidFormatText="A day as 2026-11-25"
          validators={[() => (isWrong ? "Not before the first day" : "")]}
          onChange={(_, to) => set({ to })}
        />
      </ToolbarItem>
    </>
  );
}
