import {
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadLogo,
  MastheadMain,
  MastheadToggle,
  Page,
  PageToggleButton,
  SkipToContent,
  Skeleton,
  Toolbar,
  ToolbarContent,
  ToolbarGroup,
  ToolbarItem,
} from "@patternfly/react-core";
import { Component, type ReactNode, Suspense, useState } from "react";
import { graphql, useLazyLoadQuery } from "react-relay";
import { Link, Outlet } from "react-router";

import { ApprovalsNavItem } from "../pages/approvals/ApprovalsNavItem";
import { LiteLLMBanner } from "./LiteLLMBanner";
import { Logo } from "./Logo";
import { Navigation } from "./Navigation";
import { MAIN_ID } from "./PageHeading";
import { ThemeSwitch } from "./ThemeSwitch";
import { UserMenu } from "./UserMenu";
import type { AppShellQuery } from "./__generated__/AppShellQuery.graphql";

/** From this width on PatternFly puts the sidebar beside the page instead of over it. */
const sidebarIsBeside = () => window.matchMedia("(min-width: 75rem)").matches;

function useShellData() {
  return useLazyLoadQuery<AppShellQuery>(
    graphql`
      query AppShellQuery {
        viewer {
          user {
            role
            ...UserMenu_user
          }
        }
        portal {
          ...LiteLLMBanner_portal
        }
      }
    `,
    {},
  );
}

function ShellUser() {
  const { user } = useShellData().viewer;
  return user ? <UserMenu user={user} /> : null;
}

/** Only for those who may open it. */
function ShellApprovals() {
  const { user } = useShellData().viewer;
  return user && user.role !== "USER" ? <ApprovalsNavItem /> : null;
}

function ShellBanner() {
  return <LiteLLMBanner portal={useShellData().portal} />;
}

function HomeLink({ className }: { className: string }) {
  return (
    <Link to="/" className={className} aria-label="LiteMaaS, start page">
      <Logo />
    </Link>
  );
}

/** The shell shows less when its own query fails; the page below says what is wrong. */
class Quietly extends Component<{ fallback: ReactNode; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (this.state.failed) return null;
    return <Suspense fallback={this.props.fallback}>{this.props.children}</Suspense>;
  }
}

/** What every signed-in page stands in: masthead, navigation, the LiteLLM banner and the main region. */
export function AppShell() {
  const [isSidebarOpen, setSidebarOpen] = useState(sidebarIsBeside);

  return (
    <Page
      mainContainerId={MAIN_ID}
      isContentFilled
      skipToContent={<SkipToContent href={`#${MAIN_ID}`}>Skip to content</SkipToContent>}
      masthead={
        <Masthead display={{ default: "inline" }}>
          <MastheadMain>
            <MastheadToggle>
              <PageToggleButton
                isHamburgerButton
                aria-label="Main navigation"
                isSidebarOpen={isSidebarOpen}
                onSidebarToggle={() => setSidebarOpen(!isSidebarOpen)}
              />
            </MastheadToggle>
            <MastheadBrand>
              <MastheadLogo component={HomeLink} />
            </MastheadBrand>
          </MastheadMain>
          <MastheadContent>
            <Toolbar isStatic>
              <ToolbarContent>
                <ToolbarGroup align={{ default: "alignEnd" }} gap={{ default: "gapNone", md: "gapMd" }}>
                  <ToolbarItem>
                    <ThemeSwitch />
                  </ToolbarItem>
                  <ToolbarItem>
                    <Quietly fallback={<Skeleton width="6rem" screenreaderText="Loading your account" />}>
                      <ShellUser />
                    </Quietly>
                  </ToolbarItem>
                </ToolbarGroup>
              </ToolbarContent>
            </Toolbar>
          </MastheadContent>
        </Masthead>
      }
      sidebar={
        <Navigation isOpen={isSidebarOpen} onNavigate={() => setSidebarOpen((open) => open && sidebarIsBeside())}>
          <Quietly fallback={null}>
            <ShellApprovals />
          </Quietly>
        </Navigation>
      }
    >
      <Quietly fallback={null}>
        <ShellBanner />
      </Quietly>
      <Outlet />
    </Page>
  );
}
