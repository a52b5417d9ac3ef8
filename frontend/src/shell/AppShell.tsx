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
import { Component, lazy, type ReactNode, Suspense, useRef, useState } from "react";
import { graphql, useLazyLoadQuery } from "react-relay";
import { Link, Outlet } from "react-router";

import { BELL_ID, NotificationBell } from "../pages/notifications/NotificationBell";
import { useUnread } from "../pages/notifications/useUnread";
import { AdministrationNav } from "./AdministrationNav";
import { LiteLLMBanner } from "./LiteLLMBanner";
import { Logo } from "./Logo";
import { Navigation } from "./Navigation";
import { MAIN_ID } from "./PageHeading";
import { ThemeSwitch } from "./ThemeSwitch";
import { UserMenu } from "./UserMenu";
import { VersionBanner } from "./VersionBanner";
import type { AppShellQuery } from "./__generated__/AppShellQuery.graphql";

const NotificationPanel = lazy(async () => ({
  default: (await import("../pages/notifications/NotificationPanel")).NotificationPanel,
}));

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
function ShellAdministration({ onNavigate }: { onNavigate: () => void }) {
  const { user } = useShellData().viewer;
  return user && user.role !== "USER" ? <AdministrationNav onNavigate={onNavigate} /> : null;
}

function ShellBanners() {
  const { portal, viewer } = useShellData();
  return (
    <>
      <LiteLLMBanner portal={portal} />
      {viewer.user && viewer.user.role !== "USER" ? (
        <Quietly fallback={null}>
          <VersionBanner />
        </Quietly>
      ) : null}
    </>
  );
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
  const [isPanelOpen, setPanelOpen] = useState(false);
  const unread = useUnread();
  const panel = useRef<HTMLDivElement>(null);
  const closeSidebar = () => setSidebarOpen((open) => open && sidebarIsBeside());
  const closePanel = () => {
    setPanelOpen(false);
    document.getElementById(BELL_ID)?.focus();
  };

  return (
    <Page
      mainContainerId={MAIN_ID}
      isContentFilled
      isNotificationDrawerExpanded={isPanelOpen}
      onNotificationDrawerExpand={() => panel.current?.querySelector<HTMLElement>("button, a[href]")?.focus()}
      notificationDrawer={
        <div ref={panel}>
          {isPanelOpen ? (
            <Suspense fallback={<Skeleton height="10rem" screenreaderText="Loading your notifications" />}>
              <NotificationPanel tick={unread.tick} onClose={closePanel} />
            </Suspense>
          ) : null}
        </div>
      }
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
                    <NotificationBell
                      count={unread.count}
                      isOpen={isPanelOpen}
                      onToggle={() => setPanelOpen(!isPanelOpen)}
                    />
                  </ToolbarItem>
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
        <Navigation isOpen={isSidebarOpen} onNavigate={closeSidebar}>
          <Quietly fallback={null}>
            <ShellAdministration onNavigate={closeSidebar} />
          </Quietly>
        </Navigation>
      }
    >
      <Quietly fallback={null}>
        <ShellBanners />
      </Quietly>
      <Outlet />
    </Page>
  );
}
