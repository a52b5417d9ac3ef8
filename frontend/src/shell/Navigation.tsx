import { Nav, NavItem, NavList, PageSidebar, PageSidebarBody } from "@patternfly/react-core";
import type { ReactNode } from "react";
import { Link, useLocation } from "react-router";

const PAGES = [
  { to: "/", title: "Get started" },
  { to: "/models", title: "Models" },
  { to: "/subscriptions", title: "My subscriptions" },
  { to: "/keys", title: "My keys" },
  { to: "/usage", title: "Usage" },
];

interface NavigationProps {
  isOpen: boolean;
  /** Closes the sidebar where it lies over the page. */
  onNavigate: () => void;
  /** What only some people have. */
  children: ReactNode;
}

export function Navigation({ isOpen, onNavigate, children }: NavigationProps) {
  const { pathname } = useLocation();
  const isActive = (to: string) => (to === "/" ? pathname === "/" : pathname === to || pathname.startsWith(`${to}/`));
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
            {children}
            <NavItem>
              <a href="/graphiql">GraphiQL</a>
            </NavItem>
          </NavList>
        </Nav>
      </PageSidebarBody>
    </PageSidebar>
  );
}
