import { Badge, Flex, NavItem } from "@patternfly/react-core";
import { Link, useLocation } from "react-router";

import { useApprovalsCount } from "./useApprovalsCount";

/** The inbox in the navigation, with how many requests wait in it. */
export function ApprovalsNavItem() {
  const { pathname } = useLocation();
  const { count } = useApprovalsCount();
  return (
    <NavItem isActive={pathname === "/approvals"}>
      <Link to="/approvals">
        <Flex component="span" columnGap={{ default: "columnGapSm" }}>
          Approvals
          {count ? <Badge screenReaderText={count === 1 ? "request waits" : "requests wait"}>{count}</Badge> : null}
        </Flex>
      </Link>
    </NavItem>
  );
}
