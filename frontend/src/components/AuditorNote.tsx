import { Alert } from "@patternfly/react-core";

import { AUDITORS_LOOK } from "../lib/reader";

/** In the place of what an auditor is not offered. */
export function AuditorNote() {
  return <Alert isInline isPlain variant="info" component="p" title={AUDITORS_LOOK} />;
}
