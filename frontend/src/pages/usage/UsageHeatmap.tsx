import { Card, CardBody, CardTitle, Content, Skeleton } from "@patternfly/react-core";
import { type KeyboardEvent, useRef, useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { hourOfWeek } from "../../lib/callChoice";
import { cellFormat, heatLevel, heatRows, LEVELS, weekdays } from "../../lib/heat";
import { CURRENCY, formatRoughMoney } from "../../lib/money";
import { formatCompact } from "../../lib/numbers";
import { METRICS } from "../../lib/series";
import { timeZone } from "../../lib/usageRange";
import { useRefresh } from "../../relay/useRefresh";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { type Asked, askedVariables, CALLS, useRefreshEvery, useUsageLink } from "./asked";
import type { UsageHeatmap_usage$key } from "./__generated__/UsageHeatmap_usage.graphql";
import type { UsageHeatmapQuery } from "./__generated__/UsageHeatmapQuery.graphql";

const query = graphql`
  query UsageHeatmapQuery($all: Boolean!, $range: TimeRange!, $filter: UsageFilter, $timeZone: String!) {
    viewer @skip(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageHeatmap_usage @arguments(timeZone: $timeZone)
      }
    }
    admin @include(if: $all) {
      usage(range: $range, filter: $filter) {
        ...UsageHeatmap_usage @arguments(timeZone: $timeZone)
      }
    }
  }
`;

function Loaded({ asked }: { asked: Asked }) {
  const variables = { ...askedVariables(asked), timeZone: timeZone() };
  const data = usePageQuery<UsageHeatmapQuery>(query, variables);
  useRefresh<UsageHeatmapQuery>(query, variables, useRefreshEvery(asked, false));

  const { heatmap } = useFragment<UsageHeatmap_usage$key>(
    graphql`
      fragment UsageHeatmap_usage on Usage @argumentDefinitions(timeZone: { type: "String!" }) {
        heatmap(timeZone: $timeZone) {
          weekday
          hour
          totals {
            requests
            failures
            promptTokens
            completionTokens
            spend
          }
        }
      }
    `,
    (data.admin ?? data.viewer)!.usage,
  );
  const { metric } = asked.choice;
  const rows = heatRows(heatmap, metric);
  const requests = heatRows(heatmap, "requests");
  const linkTo = useUsageLink();
  const grid = useRef<HTMLTableElement>(null);
  const [[atDay, atHour], setAt] = useState<readonly [number, number]>([0, 0]);
  const most = Math.max(...rows.flat());
  const [names, shortNames] = [weekdays("long"), weekdays("short")];
  const format = metric === "spend" ? formatRoughMoney : formatCompact;
  const inCell = metric === "spend" ? cellFormat(most) : formatCompact;
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, readonly [number, number]> = {
      ArrowRight: [atDay, Math.min(23, atHour + 1)],
      ArrowLeft: [atDay, Math.max(0, atHour - 1)],
      ArrowDown: [Math.min(6, atDay + 1), atHour],
      ArrowUp: [Math.max(0, atDay - 1), atHour],
      Home: [atDay, 0],
      End: [atDay, 23],
    };
    const to = moves[event.key];
    if (!to) return;
    event.preventDefault();
    setAt(to);
    const cell = grid.current!.tBodies[0]!.rows[to[0]]!.cells[to[1] + 1]!;
    (cell.querySelector("a") ?? cell).focus();
  };
  const unit = metric === "spend" ? ` in ${CURRENCY}` : "";
  return (
    <>
      <div className="heatmap">
        {/* One stop of the Tab key; in it the arrow keys go from hour to hour, and what has the focus scrolls into sight. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role */}
        <table ref={grid} role="grid" aria-label={`${METRICS[metric]} by hour of the week`} onKeyDown={onKeyDown}>
          <caption className="pf-v6-screen-reader">
            {METRICS[metric]}{unit} by hour of the week, {timeZone()}
          </caption>
          <thead>
            <tr>
              <th scope="col">
                <span className="pf-v6-screen-reader">Day</span>
              </th>
              {rows[0]!.map((_, hour) => (
                <th key={hour} scope="col">
                  {hour}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((values, day) => (
              <tr key={day}>
                <th scope="row" aria-label={names[day]}>
                  {shortNames[day]}
                </th>
                {values.map((value, hour) => {
                  const name = `${names[day]}, ${hour}:00 to ${hour + 1}:00: ${format(value)}`;
                  const stop = {
                    tabIndex: day === atDay && hour === atHour ? 0 : -1,
                    onFocus: () => setAt([day, hour]),
                  };
                  return requests[day]![hour]! > 0 ? (
                    <td key={hour} className={`heat-${heatLevel(value, most)}`} title={name}>
                      <Link to={linkTo({ ...CALLS, ...hourOfWeek(day + 1, hour) })} aria-label={`${name}, see the calls`} {...stop}>
                        {inCell(value)}
                      </Link>
                    </td>
                  ) : (
                    <td key={hour} className="heat-0" title={name} {...stop}>
                      ·
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Content component="small" className="heat-scale">
        Less
        {Array.from({ length: LEVELS + 1 }, (_, level) => (
          <span key={level} aria-hidden className={`heat-step heat-${level}`} />
        ))}
        more, at most {format(most)}. {unit ? `Amounts${unit}; hours` : "Hours"} in {timeZone()}.
      </Content>
    </>
  );
}

/** In which hours of the week the calls are made. */
export function UsageHeatmap({ asked }: { asked: Asked }) {
  return (
    <Card>
      <CardTitle component="h2">{METRICS[asked.choice.metric]} by hour of the week</CardTitle>
      <CardBody>
        <QueryBoundary skeleton={<Skeleton height="14rem" screenreaderText="Loading the hours of the week" />} resetOn={asked}>
          <Loaded asked={asked} />
        </QueryBoundary>
      </CardBody>
    </Card>
  );
}
