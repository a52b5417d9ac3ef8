import { Nav, NavItem, NavList, PageSidebar, PageSidebarBody } from "@patternfly/react-core";
import type { ReactNode } from "react";
import { Link, useLocation } from "react-router";

const PAGES = [
  { to: "/", title: "Get started" },
  { to: "/models", title: "Models" },
  { to: "/subscriptions", title: "My subscriptions" },
  { to: "/keys", title: "My keys" },
  { to: "/usage", title: "My usage" },
];

interface NavigationProps {
  isOpen: boolean;
  /** Closes the sidebar where it lies over the page. */
  onNavigate: () => void;
  /** What only some people have. */
  children: ReactNode;
}

/** Whether an address is the present one's page, or a page above it. */
export function useIsActive(): (to: string) => boolean {
  const { pathname } = useLocation();
  return (to) => (to === "/" ? pathname === "/" : pathname === to || pathname.startsWith(`${to}/`));
}

export function Navigation({ isOpen, onNavigate, children }: NavigationProps) {
  const isActive = useIsActive();
  return (
    <PageSidebar isSidebarOpen={isOpen}>
      <PageSidebarBody>
        <Nav aria-label="Main" onSelect={onNavigate}>
          <NavList>
            {PAGES.map(({ to, title }) => (
              <NavItem key={to} isActive={isActive(to)}>
                <Link to={to}>{title}</Link>
              </NavItem>
            ))}
            <NavItem>
              <a href="/graphiql">GraphiQL</a>
            </NavItem>
          </NavList>
        </Nav>
        {children}
      </PageSidebarBody>
    </PageSidebar>
  );
}
