import { Alert } from "@patternfly/react-core";

import { explain, type RequestError } from "../relay/errors";

/** Why something that the reader asked for did not happen. */
export function ActionError({ error, title }: { error: RequestError | null; title: string }) {
  if (!error) return null;
  const explained = explain(error);
  return (
    <div role="alert">
      <Alert isInline variant="danger" title={title} component="h3">
        {explained.detail ?? explained.title} {explained.help}
      </Alert>
    </div>
  );
}
