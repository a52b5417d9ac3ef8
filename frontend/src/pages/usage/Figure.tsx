import { Card, CardBody, CardFooter, CardTitle, Content } from "@patternfly/react-core";
import { type ReactNode, useState } from "react";

interface FigureProps {
  name: string;
  value: string;
  /** What the number is made of. */
  note?: ReactNode;
  /** How it compares with the period before. */
  trend?: string | null;
  /** The way to what is behind it. */
  more?: ReactNode;
}

/** One number with what helps to judge it. */
export function Figure({ name, value, note, trend, more }: FigureProps) {
  const [first] = useState(value);
  return (
    <Card isCompact isFullHeight>
      <CardTitle component="h2">{name}</CardTitle>
      <CardBody>
        {/* A new element for a new value, so that its animation starts again. */}
        <span key={value} className={value === first ? "figure" : "figure figure-changed"}>
          {value}
        </span>
        {note ? <Content component="small">{note}</Content> : null}
        {trend ? <Content component="small">{trend}</Content> : null}
      </CardBody>
      {more ? <CardFooter>{more}</CardFooter> : null}
    </Card>
  );
}
