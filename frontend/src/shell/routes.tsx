import type { RouteObject } from "react-router";

import { SignInPage } from "../pages/sign-in/SignInPage";
import { AppShell } from "./AppShell";
import { CrashPage } from "./CrashPage";

/** Each page's code is loaded when it is first opened. */
export const routes: RouteObject[] = [
  { path: "/sign-in", Component: SignInPage, ErrorBoundary: CrashPage },
  {
    Component: AppShell,
    ErrorBoundary: CrashPage,
    HydrateFallback: () => null,
    children: [
      {
        ErrorBoundary: CrashPage,
        children: [
          { index: true, lazy: async () => ({ Component: (await import("../pages/home/HomePage")).HomePage }) },
          { path: "models", lazy: async () => ({ Component: (await import("../pages/models/ModelsPage")).ModelsPage }) },
          { path: "models/:id", lazy: async () => ({ Component: (await import("../pages/models/ModelPage")).ModelPage }) },
          {
            path: "subscriptions",
            lazy: async () => ({
              Component: (await import("../pages/subscriptions/SubscriptionsPage")).SubscriptionsPage,
            }),
          },
          {
            path: "subscriptions/new",
            lazy: async () => ({
              Component: (await import("../pages/new-subscription/NewSubscriptionPage")).NewSubscriptionPage,
            }),
          },
          {
            path: "subscriptions/:id",
            lazy: async () => ({
              Component: (await import("../pages/subscriptions/SubscriptionPage")).SubscriptionPage,
            }),
          },
          {
            path: "approvals",
            lazy: async () => ({ Component: (await import("../pages/approvals/ApprovalsPage")).ApprovalsPage }),
          },
          { path: "keys", lazy: async () => ({ Component: (await import("../pages/keys/KeysPage")).KeysPage }) },
          { path: "keys/:id", lazy: async () => ({ Component: (await import("../pages/keys/KeyPage")).KeyPage }) },
          { path: "usage", lazy: async () => ({ Component: (await import("../pages/usage/UsagePage")).UsagePage }) },
          {
            path: "profile",
            lazy: async () => ({ Component: (await import("../pages/profile/ProfilePage")).ProfilePage }),
          },
          { path: "help", lazy: async () => ({ Component: (await import("../pages/help/HelpPage")).HelpPage }) },
          {
            path: "admin/people",
            lazy: async () => ({ Component: (await import("../pages/people/PeoplePage")).PeoplePage }),
          },
          {
            path: "admin/people/:id",
            lazy: async () => ({ Component: (await import("../pages/people/PersonPage")).PersonPage }),
          },
          {
            path: "admin/audit",
            lazy: async () => ({ Component: (await import("../pages/audit/AuditPage")).AuditPage }),
          },
          {
            path: "admin/keys",
            lazy: async () => ({ Component: (await import("../pages/admin/AllKeysPage")).AllKeysPage }),
          },
          {
            path: "admin/subscriptions",
            lazy: async () => ({ Component: (await import("../pages/admin/AllSubscriptionsPage")).AllSubscriptionsPage }),
          },
          {
            path: "admin/models",
            lazy: async () => ({ Component: (await import("../pages/admin/ModelAccessPage")).ModelAccessPage }),
          },
          {
            path: "admin/rules",
            lazy: async () => ({ Component: (await import("../pages/admin/RulesPage")).RulesPage }),
          },
          {
            path: "admin/usage",
            lazy: async () => ({ Component: (await import("../pages/admin/AllUsagePage")).AllUsagePage }),
          },
          {
            path: "admin/ledger",
            lazy: async () => ({ Component: (await import("../pages/admin/LedgerPage")).LedgerPage }),
          },
          {
            path: "admin/system",
            lazy: async () => ({ Component: (await import("../pages/admin/SystemPage")).SystemPage }),
          },
          { path: "*", lazy: async () => ({ Component: (await import("./NotFoundPage")).NotFoundPage }) },
        ],
      },
    ],
  },
];
