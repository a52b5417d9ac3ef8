import { expect, it } from "vitest";

import { ALL_CALLS, ANSWERED, callFilter, callLabels, hourOfWeek, notOf, onlyOf, parseCallChoice, STREAMED, UNPRICED } from "./callChoice";
import { exportPath } from "./exportFile";
import { withChanges } from "./useAddress";
import { filterOf, parseUsageChoice } from "./usageChoice";
import { usageRange } from "./usageRange";

const filterIn = (address: string) => callFilter(parseCallChoice(new URLSearchParams(address)), "Europe/Berlin");

it.each([
  ["", undefined],
  ["only-key=none&only-key=a", { among: { apiKeyIds: [null, "a"] } }],
  ["only-model=none", { among: { models: ["none"] } }], // a model may be called so
  ["not-person=b&not-person=none&not-status=429", { without: { userIds: ["b", null], statuses: ["429"] } }],
  ["hour=7-23", { hourOfWeek: { weekday: 7, hour: 23, timeZone: "Europe/Berlin" } }],
  ["hour=8-1", undefined],
  ["hour=1-24", undefined],
  ["result=failed", { success: false }],
  ["result=toString", undefined],
  ["result=answered&stream=1", { success: true, stream: true }],
  ["cache=1&price=0", { cacheHit: true, priced: false }],
  ["stream=0&cache=no&price=1", undefined],
])("finds in the address %j which calls are meant", (address, filter) => {
  expect(filterIn(address)).toEqual(filter);
});

it("has one way to say each of it, and takes all of it back at once", () => {
  const all = { ...ANSWERED, ...STREAMED, ...UNPRICED, ...hourOfWeek(2, 9), [onlyOf("provider")]: ["x"], [notOf("key")]: ["y"] };
  const params = withChanges(new URLSearchParams("model=m"), all);
  expect(filterIn(params.toString())).toEqual({
    among: { providers: ["x"] },
    without: { apiKeyIds: ["y"] },
    hourOfWeek: { weekday: 2, hour: 9, timeZone: "Europe/Berlin" },
    success: true,
    stream: true,
    priced: false,
  });
  expect(callLabels(parseCallChoice(params)).map(({ text }) => text)).toEqual([
    "Every Tuesday, 9:00 to 10:00",
    "Answered",
    "Streamed",
    "Without a price",
  ]);
  expect(withChanges(params, ALL_CALLS).toString()).toBe("model=m");
});

it("is what an export asks for, too", () => {
  const params = new URLSearchParams("range=own&from=2026-11-01&to=2026-11-02&only-key=none&not-model=a&hour=1-9&result=failed");
  const choice = parseUsageChoice(params);
  const asked = { all: false, choice, range: usageRange(choice.period, choice.own, 0), filter: filterOf(choice) };
  const path = exportPath({ ...asked, calls: callFilter(choice.calls, "UTC") }, "calls", "csv");
  expect(path.split("scope=own")[1]).toBe("&among.apiKeyIds=&without.models=a&weekday=1&hour=9&timeZone=UTC&success=false");
});
