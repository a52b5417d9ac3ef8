import { Button, type ButtonProps } from "@patternfly/react-core";
import type { ReactNode } from "react";
import { useHref, useLinkClickHandler } from "react-router";

interface ButtonLinkProps {
  to: string;
  variant?: ButtonProps["variant"];
  children: ReactNode;
}

/** A link that looks like a button: it leads to another page of this site. */
export function ButtonLink({ to, variant = "primary", children }: ButtonLinkProps) {
  const href = useHref(to);
  const onClick = useLinkClickHandler<HTMLButtonElement>(to);
  return (
    <Button component="a" href={href} variant={variant} onClick={onClick as unknown as ButtonProps["onClick"]}>
      {children}
    </Button>
  );
}
