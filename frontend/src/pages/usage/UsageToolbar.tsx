import { Checkbox, Toolbar, ToolbarContent, ToolbarItem } from "@patternfly/react-core";

import { ChoiceSelect } from "../../components/ChoiceSelect";
import { ALL_CALLS } from "../../lib/callChoice";
import { useAddress } from "../../lib/useAddress";
import { NO_FILTERS } from "../../lib/usageChoice";
import { type Period, PERIODS } from "../../lib/usageRange";
import { localDay } from "../../lib/time";
import type { Asked } from "./asked";
import { OwnDatesFields } from "./OwnDatesFields";
import { UsageFilters } from "./UsageFilters";

/** Chooses the period, which of its calls count, and whether the period before is shown beside it. */
export function UsageToolbar({ asked }: { asked: Asked }) {
  const [, change] = useAddress();
  const { choice, range } = asked;
  const setPeriod = (period: Period) =>
    // Own dates begin as those that are shown.
    period === "own"
      ? change({ range: "own", from: localDay(range.start), to: localDay(new Date(Date.parse(range.end) - 1).toISOString()) })
      : change({ range: period === "7d" ? null : period, from: null, to: null });
  return (
    <Toolbar clearAllFilters={() => change({ ...NO_FILTERS, ...ALL_CALLS })} clearFiltersButtonText="Show all" inset={{ default: "insetNone" }}>
      <ToolbarContent>
        <ToolbarItem>
          <ChoiceSelect title="Period" options={PERIODS} selected={choice.period} onChange={setPeriod} />
        </ToolbarItem>
        {choice.period === "own" ? <OwnDatesFields own={choice.own} onChange={change} /> : null}
        <UsageFilters asked={asked} />
        {choice.view === "overview" ? (
          <ToolbarItem alignSelf="center">
            <Checkbox
              id="usage-compare"
              label="Compare with the time before"
              isChecked={choice.compare}
              onChange={(_, compare) => change({ compare: compare ? null : "0" })}
            />
          </ToolbarItem>
        ) : null}
      </ToolbarContent>
    </Toolbar>
  );
}
