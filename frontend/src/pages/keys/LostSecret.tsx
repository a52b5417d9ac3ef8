import { Alert } from "@patternfly/react-core";
import type { ReactNode } from "react";

/** The first request was carried out, but its answer, which had the secret, did not arrive; the children say what now. */
export function LostSecret({ children }: { children: ReactNode }) {
  return (
    <div role="alert">
      <Alert isInline variant="warning" component="h3" title="It was done already, but the secret got lost on its way here">
        Nothing was made twice. The secret was in an answer that did not arrive, and nobody can show it again. {children}
      </Alert>
    </div>
  );
}
