import { exportedCalls } from "./callChoice";
import { localDay } from "./time";
import type { Asked } from "./usageChoice";

/** What an export has in it, and the forms in which it comes. */
export const EXPORT_CONTENTS = {
  calls: "Calls: a row for each, with all that is known of it",
  focus: "Charges, as the FinOps FOCUS standard has them",
} as const;
export type ExportContent = keyof typeof EXPORT_CONTENTS;

export const EXPORT_FORMATS = {
  csv: "CSV, for spreadsheets",
  jsonl: "JSON lines, for programs that read a row at a time",
  json: "JSON, one array",
} as const;
export type ExportFormat = keyof typeof EXPORT_FORMATS;

/** The address of the file with exactly what a page shows. */
export function exportPath({ all, range, filter, calls }: Asked, of: ExportContent, format: ExportFormat): string {
  const params = new URLSearchParams({ of, format, start: range.start, end: range.end, scope: all ? "all" : "own" });
  for (const [name, values] of Object.entries(filter ?? {})) for (const value of values) params.append(name, value);
  for (const [name, value] of exportedCalls(calls ?? {})) params.append(name, value);
  return `/exports/usage?${params}`;
}

/** What the file is called: "litemaas-calls-2026-11-01.csv", by the first day in it. */
export function exportFileName({ range }: Asked, of: ExportContent, format: ExportFormat): string {
  return `litemaas-${of}-${localDay(range.start)}.${format}`;
}

export interface ExportProgress {
  bytes: number;
  rows: number;
  /** About how many rows there will be; null when that is not known before. */
  total: number | null;
}

/** Where a file's bytes go; `abort` leaves nothing behind. */
export interface ExportSink {
  write: (chunk: Uint8Array<ArrayBuffer>) => Promise<void> | void;
  close: () => Promise<void> | void;
  abort: () => Promise<void> | void;
}

export class ExportRefused extends Error {
  override readonly name = "ExportRefused";
}

/** Counts the rows in a file chunk by chunk: lines after that with a CSV file's names, or lines that begin an object. */
export function rowCounter(format: ExportFormat): (chunk: Uint8Array) => number {
  const [LINE_END, BRACE] = [10, 123];
  let rows = format === "csv" ? -1 : 0;
  let previous = LINE_END;
  return (chunk) => {
    for (const byte of chunk) {
      if (format === "csv" ? byte === LINE_END : byte === BRACE && previous === LINE_END) rows += 1;
      previous = byte;
    }
    return Math.max(0, rows);
  };
}

/**
 * Reads an export into a sink and tells how far it is, chunk by chunk. Throws ExportRefused with the server's own words
 * when it refuses, and what `fetch` throws when the connection ends early or `signal` is aborted.
 */
export async function readExport(
  path: string,
  format: ExportFormat,
  sink: ExportSink,
  onProgress: (progress: ExportProgress) => void,
  signal: AbortSignal,
): Promise<ExportProgress> {
  const count = rowCounter(format);
  let progress: ExportProgress = { bytes: 0, rows: 0, total: null };
  try {
    const response = await fetch(path, { credentials: "same-origin", headers: { "X-LiteMaaS-Request": "1" }, signal });
    if (!response.ok || !response.body) throw new ExportRefused(await refusal(response));
    const total = response.headers.get("X-Total-Rows");
    if (total !== null) progress = { ...progress, total: Number(total) };
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      await sink.write(value);
      progress = { ...progress, bytes: progress.bytes + value.length, rows: count(value) };
      onProgress(progress);
    }
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
  return progress;
}

async function refusal(response: Response): Promise<string> {
  const body = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
  return body?.error?.message ?? `The answer was ${response.status} ${response.statusText}`.trim() + ".";
}
