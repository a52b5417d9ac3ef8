import { Card, CardBody, CardHeader, CardTitle, Content } from "@patternfly/react-core";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";

import { HelpButton } from "../../components/HelpButton";
import type { HelpTopic } from "../../lib/help";

interface FigureProps {
  name: string;
  /** What more there is to say of it. */
  about?: HelpTopic;
  value: string;
  /** What the number is made of. */
  note?: ReactNode;
  /** How it compares with the period before. */
  trend?: string | null;
  /** The way to the calls behind it; null where there is none. */
  to?: string | null;
}

/** One number with what helps to judge it. */
export function Figure({ name, about, value, note, trend, to }: FigureProps) {
  const [first] = useState(value);
  return (
    <Card isCompact isFullHeight>
      <CardHeader actions={about ? { actions: <HelpButton about={about} />, hasNoOffset: true } : undefined}>
        <CardTitle component="h2">{name}</CardTitle>
      </CardHeader>
      <CardBody>
        {/* A new element for a new value, so that its animation starts again. */}
        <span key={value} className={value === first ? "figure" : "figure figure-changed"}>
          {to ? (
            <Link to={to} aria-label={`${value}, see the calls`}>
              {value}
            </Link>
          ) : (
            value
          )}
        </span>
        {note ? <Content component="small">{note}</Content> : null}
        {trend ? <Content component="small">{trend}</Content> : null}
      </CardBody>
    </Card>
  );
}
