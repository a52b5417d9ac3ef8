import { expect, it, vi } from "vitest";

import { exportPath, type ExportProgress, ExportRefused, readExport, rowCounter } from "./exportFile";
import { filterOf, parseUsageChoice } from "./usageChoice";
import { usageRange } from "./usageRange";

const bytes = (text: string) => new TextEncoder().encode(text);

function aSink() {
  const written: string[] = [];
  return {
    written,
    write: (chunk: Uint8Array) => void written.push(new TextDecoder().decode(chunk)),
    close: vi.fn(),
    abort: vi.fn(),
  };
}

it("asks for exactly what the page shows", () => {
  const choice = parseUsageChoice(new URLSearchParams("range=own&from=2026-11-01&to=2026-11-02&model=a&model=b&status=429"));
  const asked = { all: true, choice, range: usageRange(choice.period, choice.own, 0), filter: filterOf(choice), calls: undefined };
  expect(exportPath(asked, "focus", "jsonl")).toBe(
    "/exports/usage?of=focus&format=jsonl&start=2026-11-01T00%3A00%3A00.000Z&end=2026-11-03T00%3A00%3A00.000Z" +
      "&scope=all&modelIds=a&modelIds=b&statuses=429",
  );
});

it.each([
  ["csv", ["id,model\r\n1,", "a\r\n2,b\r\n"], 2],
  ["csv", [""], 0],
  ["jsonl", ['{"a":1}\n{"a', '":{"b":2}}\n'], 2],
  ["json", ['[\n{"a":1},\n', '{"a":2}', "\n]\n"], 2],
  ["json", ["[\n", "\n]\n"], 0],
] as const)("counts the rows of %s in %j", (format, chunks, rows) => {
  const count = rowCounter(format);
  expect(chunks.map((chunk) => count(bytes(chunk))).at(-1)).toBe(rows);
});

it("writes what comes, tells how far it is, and closes the file", async () => {
  const answer = new Response("id\n1\n2\n", { headers: { "X-Total-Rows": "2" } });
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(answer));
  const sink = aSink();
  const told: ExportProgress[] = [];
  const done = await readExport("/exports/usage", "csv", sink, (now) => told.push(now), new AbortController().signal);
  expect(done).toEqual({ bytes: 7, rows: 2, total: 2 });
  expect(told.at(-1)).toEqual(done);
  expect(sink.written.join("")).toBe("id\n1\n2\n");
  expect(sink.close).toHaveBeenCalledOnce();
  expect(sink.abort).not.toHaveBeenCalled();
});

it("leaves nothing behind when it is refused", async () => {
  const answer = Response.json({ error: { code: "INVALID_INPUT", message: "end: too early." } }, { status: 400 });
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(answer));
  const sink = aSink();
  const reading = readExport("/exports/usage", "csv", sink, () => {}, new AbortController().signal);
  await expect(reading).rejects.toThrow(new ExportRefused("end: too early."));
  expect(sink.abort).toHaveBeenCalledOnce();
  expect(sink.written).toEqual([]);
});
