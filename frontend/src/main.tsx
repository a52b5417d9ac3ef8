import "@patternfly/react-core/dist/styles/base.css";
import "./app.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RelayEnvironmentProvider } from "react-relay";
import { createBrowserRouter } from "react-router";
import { RouterProvider } from "react-router/dom";

import { signInPath } from "./lib/nextPath";
import { reloadOnce } from "./lib/reloadOnce";
import { isSigningOut } from "./lib/session";
import { followSystemTheme } from "./lib/theme";
import { createEnvironment } from "./relay/environment";
import { onRequestError, UNAUTHENTICATED } from "./relay/errors";
import { createLiveConnection } from "./relay/live";
import { LiveContext } from "./relay/LiveContext";
import { routes } from "./shell/routes";

const live = createLiveConnection(`${window.location.origin.replace(/^http/, "ws")}/graphql`);
const environment = createEnvironment(live);
const router = createBrowserRouter(routes);

// A session can end under any request; whatever page that was is where signing in leads back to.
onRequestError((error) => {
  const { pathname, search, hash } = router.state.location;
  if (error.code !== UNAUTHENTICATED || pathname === "/sign-in" || isSigningOut()) return;
  const wasSignedIn = environment.getStore().getSource().get("client:root")?.viewer !== undefined;
  void router.navigate(signInPath(pathname + search + hash, wasSignedIn), { replace: true });
});

// "Back" may bring a page as it was before signing out.
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted && isSigningOut()) window.location.reload();
});

// After an upgrade the server no longer has the old page's code: load the new page.
window.addEventListener("vite:preloadError", reloadOnce);

followSystemTheme();

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <RelayEnvironmentProvider environment={environment}>
      <LiveContext value={live}>
        <RouterProvider router={router} />
      </LiveContext>
    </RelayEnvironmentProvider>
  </StrictMode>,
);
