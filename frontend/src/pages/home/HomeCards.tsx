import { Card, CardBody, CardFooter, CardTitle, Gallery } from "@patternfly/react-core";
import type { ReactNode } from "react";

import { ButtonLink } from "../../components/ButtonLink";

export function HomeCards({ isOrdered = false, children }: { isOrdered?: boolean; children: ReactNode }) {
  return (
    <Gallery hasGutter minWidths={{ default: "100%", md: "17rem" }} component={isOrdered ? "ol" : "ul"} className="home-cards">
      {children}
    </Gallery>
  );
}

interface HomeCardProps {
  title: ReactNode;
  action: { to: string; label: string };
  /** Whether it is what to do first. */
  isNext?: boolean;
  children: ReactNode;
}

export function HomeCard({ title, action, isNext = false, children }: HomeCardProps) {
  return (
    <Card component="li" isFullHeight>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>{children}</CardBody>
      <CardFooter>
        <ButtonLink to={action.to} variant={isNext ? "primary" : "secondary"}>
          {action.label}
        </ButtonLink>
      </CardFooter>
    </Card>
  );
}
