import { Content } from "@patternfly/react-core";
import { type KeyboardEvent, type ReactNode } from "react";
import { Link, useNavigate } from "react-router";

import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { bucketLabel, type Totals } from "../../lib/series";
import { type Asked, useUsageLink } from "./asked";
import { callsOfPoint, type Point } from "./points";

interface SeriesReaderProps {
  points: readonly Point[];
  before: readonly Point[] | undefined;
  asked: Asked;
  hasDays: boolean;
  /** Which point is read; null: none. */
  marked: number | null;
  onMark: (index: number | null) => void;
  /** The chart. */
  children: ReactNode;
}

/** Lets a chart be read with the arrow keys, point by point; Enter leads to the point's calls. */
export function SeriesReader({ points, before, asked, hasDays, marked, onMark, children }: SeriesReaderProps) {
  const linkTo = useUsageLink();
  const navigate = useNavigate();
  const last = points.length - 1;
  const point = marked === null ? undefined : points[marked];
  const to = (index: number) => linkTo(callsOfPoint(points, index, asked.range));

  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, () => void> = {
      ArrowRight: () => onMark(marked === null ? 0 : Math.min(last, marked + 1)),
      ArrowLeft: () => onMark(marked === null ? last : Math.max(0, marked - 1)),
      Home: () => onMark(0),
      End: () => onMark(last),
      Escape: () => onMark(null),
      Enter: () => marked !== null && void navigate(to(marked)),
    };
    const move = event.target === event.currentTarget ? moves[event.key] : undefined;
    if (!move) return;
    event.preventDefault();
    move();
  };

  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions */}
      <div role="group" aria-label="Chart; the arrow keys read it" tabIndex={0} className="chart-reader" onKeyDown={onKeyDown}>
        {children}
      </div>
      <Content component="small">
        <span role="status">
          {point ? (
            <>
              {bucketLabel(point.start, asked.range.interval, hasDays)}: {sentence(point.totals)}
              {before?.[marked!] ? `; before, ${sentence(before[marked!]!.totals)}` : null}{" "}
            </>
          ) : null}
        </span>
        {point ? <Link to={to(marked!)}>See the calls</Link> : "Choose a bar, or the chart and then the arrow keys, to see the calls behind it."}
      </Content>
    </>
  );
}

const sentence = ({ requests, failures, promptTokens, completionTokens, spend }: Totals) =>
  `${formatMoney(spend)}, ${formatCount(requests)} ${requests === 1 ? "request" : "requests"} (${formatCount(failures)} failed), ${formatCount(promptTokens + completionTokens)} tokens`;
