import { useCallback, useEffect, useRef, useState } from "react";

import {
  type ExportContent,
  exportFileName,
  type ExportFormat,
  exportPath,
  type ExportProgress,
  ExportRefused,
  readExport,
} from "../../lib/exportFile";
import { chooseSink } from "../../lib/saveFile";
import type { Asked } from "./asked";

export type ExportState =
  | { step: "choosing" }
  | { step: "running"; progress: ExportProgress }
  | { step: "done"; progress: ExportProgress }
  | { step: "failed"; message: string };

/** A file on its way from the server to the reader. It ends with the component that began it. */
export function useExport(asked: Asked) {
  const [state, setState] = useState<ExportState>({ step: "choosing" });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const start = useCallback(
    async (of: ExportContent, format: ExportFormat) => {
      const sink = await chooseSink(exportFileName(asked, of, format));
      if (!sink) return;
      const stopped = new AbortController();
      running.current = stopped;
      setState({ step: "running", progress: { bytes: 0, rows: 0, total: null } });
      try {
        const progress = await readExport(
          exportPath(asked, of, format),
          format,
          sink,
          (now) => setState({ step: "running", progress: now }),
          stopped.signal,
        );
        setState({ step: "done", progress });
      } catch (error) {
        if (stopped.signal.aborted) return setState({ step: "choosing" });
        const message = error instanceof ExportRefused ? error.message : "The connection ended before the file did.";
        setState({ step: "failed", message });
      }
    },
    [asked],
  );
  const cancel = useCallback(() => running.current?.abort(), []);
  return { state, start, cancel };
}
