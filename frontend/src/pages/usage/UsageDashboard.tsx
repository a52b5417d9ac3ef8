import { Flex, FlexItem, PageSection, Skeleton, Stack, StackItem, Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { useCallback, useDeferredValue, useMemo, useState } from "react";

import { ALL_CALLS, callFilter } from "../../lib/callChoice";
import { useAddress } from "../../lib/useAddress";
import { filterOf, parseUsageChoice, type UsageChoice, type View, VIEWS } from "../../lib/usageChoice";
import { useNow } from "../../lib/useNow";
import { usePageHidden } from "../../lib/usePageHidden";
import { timeZone, type UsageRange, usageRange } from "../../lib/usageRange";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary } from "../../shell/QueryBoundary";
import { type Asked, FreshnessContext } from "./asked";
import { ExportButton } from "./ExportButton";
import { LiveIndicator } from "./LiveIndicator";
import { RefreshIndicator } from "./RefreshIndicator";
import { UsageCalls } from "./UsageCalls";
import { UsageOverview } from "./UsageOverview";
import { UsageToolbar } from "./UsageToolbar";

/** The range as of now; the same object until the clock makes it another one. */
function useRange({ period, own }: UsageChoice): UsageRange {
  const now = useNow();
  const name = [period, own.from, own.to].join(" ");
  const [known, setKnown] = useState(() => ({ name, range: usageRange(period, own, Date.now()) }));
  const { validUntil } = known.range;
  if (known.name === name && (validUntil === null || now < validUntil)) return known.range;
  const range = usageRange(period, own, now);
  setKnown({ name, range });
  return range;
}

interface UsageDashboardProps {
  title: string;
  description: string;
  /** Everybody's usage, or the reader's own. */
  all: boolean;
}

/** What was used in a period: the numbers, what they are made of, and the calls behind them. */
export function UsageDashboard({ title, description, all }: UsageDashboardProps) {
  const [params, change] = useAddress();
  const choice = useMemo(() => parseUsageChoice(params), [params]);
  const range = useRange(choice);
  const asked = useMemo<Asked>(() => {
    const calls = choice.view === "calls" ? callFilter(choice.calls, timeZone()) : undefined;
    return { all, choice, range, filter: filterOf(choice), calls };
  }, [all, choice, range]);
  // While something else is on its way, what was asked before stays.
  const shown = useDeferredValue(asked);

  const [pausedByReader, setPaused] = useState(false);
  const isPaused = usePageHidden() || pausedByReader;
  const [refreshedAt, setRefreshedAt] = useState(() => Date.now());
  const onRefreshed = useCallback(() => setRefreshedAt(Date.now()), []);
  const freshness = useMemo(() => ({ isPaused, onRefreshed }), [isPaused, onRefreshed]);

  return (
    <FreshnessContext value={freshness}>
      <PageHeading
        title={title}
        description={description}
        actions={
          <Flex>
            {choice.view === "calls" || range.validUntil === null ? null : (
              <FlexItem>
                {all ? (
                  <RefreshIndicator isPaused={isPaused} refreshedAt={refreshedAt} onPause={setPaused} />
                ) : (
                  <LiveIndicator isPaused={isPaused} onPause={setPaused} />
                )}
              </FlexItem>
            )}
            <FlexItem>
              <ExportButton asked={asked} />
            </FlexItem>
          </Flex>
        }
      />
      <PageSection isFilled>
        <Stack hasGutter>
          <StackItem>
            <UsageToolbar asked={asked} />
            <Tabs
              activeKey={choice.view}
              aria-label="Shown"
              onSelect={(_, view) => change({ ...ALL_CALLS, view: view === "overview" ? null : (view as View) })}
            >
              {(Object.keys(VIEWS) as View[]).map((view) => (
                <Tab
                  key={view}
                  eventKey={view}
                  tabContentId="usage"
                  title={<TabTitleText>{VIEWS[view]}</TabTitleText>}
                />
              ))}
            </Tabs>
          </StackItem>
          <StackItem isFilled>
            <section id="usage" role="tabpanel" aria-label={VIEWS[choice.view]} className={shown === asked ? undefined : "is-stale"}>
              <QueryBoundary key={shown.choice.view} skeleton={skeleton} resetOn={shown}>
                {shown.choice.view === "calls" ? <UsageCalls asked={shown} /> : <UsageOverview asked={shown} />}
              </QueryBoundary>
            </section>
          </StackItem>
        </Stack>
      </PageSection>
    </FreshnessContext>
  );
}

const skeleton = (
  <Stack hasGutter>
    <StackItem>
      <Skeleton height="7rem" screenreaderText="Loading the usage" />
    </StackItem>
    <StackItem>
      <Skeleton height="20rem" />
    </StackItem>
  </Stack>
);
