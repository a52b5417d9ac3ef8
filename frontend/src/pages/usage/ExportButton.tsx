import { Button } from "@patternfly/react-core";
import { DownloadIcon } from "@patternfly/react-icons";
import { useState } from "react";

import type { Asked } from "./asked";
import { ExportDialog } from "./ExportDialog";

/** Exactly what the page shows, as a file. */
export function ExportButton({ asked }: { asked: Asked }) {
  // What is exported stays what it was when the dialog was opened, though the range may move on.
  const [exported, setExported] = useState<Asked | null>(null);
  return (
    <>
      <Button variant="secondary" icon={<DownloadIcon />} onClick={() => setExported(asked)}>
        Export
      </Button>
      {exported ? <ExportDialog asked={exported} onClose={() => setExported(null)} /> : null}
    </>
  );
}
