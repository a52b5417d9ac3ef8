import { Card, CardBody, CardTitle, Content } from "@patternfly/react-core";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";

interface FigureProps {
  name: string;
  value: string;
  /** What the number is made of. */
  note?: ReactNode;
  /** How it compares with the period before. */
  trend?: string | null;
  /** The way to the calls behind it; null where there is none. */
  to?: string | null;
}

/** One number with what helps to judge it. */
export function Figure({ name, value, note, trend, to }: FigureProps) {
  const [first] = useState(value);
  return (
    <Card isCompact isFullHeight>
      <CardTitle component="h2">{name}</CardTitle>
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
