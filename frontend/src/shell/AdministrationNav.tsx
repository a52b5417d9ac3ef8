import { Nav, NavGroup, NavItem } from "@patternfly/react-core";
import { Link } from "react-router";

import { ApprovalsNavItem } from "../pages/approvals/ApprovalsNavItem";
import { useIsActive } from "./Navigation";

const PAGES = [
  { to: "/admin/people", title: "People" },
  { to: "/admin/subscriptions", title: "All subscriptions" },
  { to: "/admin/keys", title: "All keys" },
  { to: "/admin/usage", title: "All usage" },
  { to: "/admin/models", title: "Models’ access" },
  { to: "/admin/rules", title: "Rules" },
  { to: "/admin/audit", title: "Audit" },
  { to: "/admin/ledger", title: "Ledger" },
  { to: "/admin/system", title: "System" },
];

/** The pages of those who look after others. Auditors see the same and change nothing. */
export function AdministrationNav({ onNavigate }: { onNavigate: () => void }) {
  const isActive = useIsActive();
  return (
    <Nav aria-label="Administration" onSelect={onNavigate}>
      <NavGroup title="Administration">
        <ApprovalsNavItem />
        {PAGES.map(({ to, title }) => (
          <NavItem key={to} isActive={isActive(to)}>
            <Link to={to}>{title}</Link>
          </NavItem>
        ))}
      </NavGroup>
    </Nav>
  );
}
