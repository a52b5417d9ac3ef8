import { Card, CardBody, CardTitle, Content, Skeleton } from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";

import { cellFormat, heatLevel, heatRows, LEVELS, weekdays } from "../../lib/heat";
import { CURRENCY, formatRoughMoney } from "../../lib/money";
import { formatCompact } from "../../lib/numbers";
import { METRICS } from "../../lib/series";
import { timeZone } from "../../lib/usageRange";
import { useRefresh } from "../../relay/useRefresh";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { type Asked, askedVariables, useRefreshEvery } from "./asked";
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
  const most = Math.max(...rows.flat());
  const [names, shortNames] = [weekdays("long"), weekdays("short")];
  const format = metric === "spend" ? formatRoughMoney : formatCompact;
  const inCell = metric === "spend" ? cellFormat(most) : formatCompact;
  const unit = metric === "spend" ? ` in ${CURRENCY}` : "";
  return (
    <>
      {/* Wider than a small screen: it scrolls within itself, with the keyboard too. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="heatmap" tabIndex={0} role="region" aria-label={`${METRICS[metric]} by hour of the week`}>
        <table>
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
                {values.map((value, hour) => (
                  <td
                    key={hour}
                    className={`heat-${heatLevel(value, most)}`}
                    title={`${names[day]}, ${hour}:00 to ${hour + 1}:00: ${format(value)}`}
                  >
                    {value > 0 ? inCell(value) : "·"}
                  </td>
                ))}
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
