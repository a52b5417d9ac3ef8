import { Label } from "@patternfly/react-core";
import { ArchiveIcon, LockIcon, LockOpenIcon, OutlinedClockIcon } from "@patternfly/react-icons";

import { accessLabel, lifecycleLabel } from "../../lib/labels";

/** Whether a model is open or needs approval. */
export function AccessLabel({ access }: { access: string }) {
  const isOpen = access === "OPEN";
  return (
    <Label isCompact color={isOpen ? "teal" : "purple"} icon={isOpen ? <LockOpenIcon /> : <LockIcon />}>
      {accessLabel(access)}
    </Label>
  );
}

/** Shown only for a model that is on its way out. */
export function LifecycleLabel({ lifecycle }: { lifecycle: string }) {
  if (lifecycle === "AVAILABLE") return null;
  return (
    <Label isCompact color="orange" icon={lifecycle === "RETIRED" ? <ArchiveIcon /> : <OutlinedClockIcon />}>
      {lifecycleLabel(lifecycle)}
    </Label>
  );
}
