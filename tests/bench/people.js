// People at the pages, and LiteLLM that reports their calls, for k6; started by people.py, which says what is read from where.
//
// A person opens the portal, has one WebSocket open as a tab has, and goes from page to page with time to read. A page sends the documents that
// the frontend's page sends, all at once, and listens to what the page listens to for as long as it is open.

import http from "k6/http";
import { WebSocket } from "k6/experimental/websockets";
import { Counter, Trend } from "k6/metrics";
import { SharedArray } from "k6/data";

const { PORTAL, SECRET, SUMMARY } = __ENV;
const [COUNT, SECONDS, ARRIVE, READ] = ["COUNT", "SECONDS", "ARRIVE", "READ"].map((name) => Number(__ENV[name]));
const people = new SharedArray("people", () => JSON.parse(open(__ENV.PEOPLE)));
const documents = JSON.parse(open(__ENV.DOCUMENTS));
const models = JSON.parse(open(__ENV.MODELS));

const pageTime = new Trend("page_time", true);
const failed = new Counter("failed");
const ticks = new Counter("ticks");
const keysMade = new Counter("keys_made");

const lasts = ARRIVE + SECONDS;
export const options = {
  scenarios: {
    people: { executor: "per-vu-iterations", exec: "person", vus: COUNT, iterations: 1, maxDuration: `${lasts + 60}s` },
    litellm: {
      executor: "constant-arrival-rate",
      exec: "litellm",
      rate: 10,
      duration: `${lasts}s`,
      preAllocatedVUs: 20,
    },
  },
  summaryTrendStats: ["count", "med", "p(95)", "p(99)", "max"],
  // A threshold that always holds: without one k6 tells nothing of a single operation.
  thresholds: Object.fromEntries(Object.keys(documents).map((name) => [`http_req_duration{name:${name}}`, ["max>=0"]])),
};

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const anyOf = (list) => list[Math.floor(Math.random() * list.length)];
function fail(name, reason) {
  failed.add(1);
  console.error(`${name}: ${reason}`);
}

const DAY = 86400000;
function lastDays(count) {
  const midnight = Math.floor(Date.now() / DAY) * DAY;
  const at = (days) => new Date(midnight + days * DAY).toISOString();
  return { range: { start: at(1 - count), end: at(1) }, before: { start: at(1 - 2 * count), end: at(1 - count) } };
}

class Tab {
  constructor(person) {
    this.headers = {
      "Content-Type": "application/json",
      "X-LiteMaaS-Request": "1",
      Accept: "application/graphql-response+json, application/json",
      Cookie: person.cookie,
    };
    this.person = person;
    this.listening = 0;
  }

  async open() {
    const page = await http.asyncRequest("GET", `${PORTAL}/`, null, { headers: this.headers, tags: { name: "document" } });
    if (page.status !== 200) fail("document", page.status);
    await Promise.all([this.ask("AppShellQuery"), this.connect()]);
    this.listen("useUnreadSubscription");
  }

  async ask(name, variables = {}) {
    const body = JSON.stringify({ query: `sha256:${documents[name]}`, variables });
    const answer = await http.asyncRequest("POST", `${PORTAL}/graphql`, body, { headers: this.headers, tags: { name } });
    if (answer.status !== 200 || answer.body.includes('"errors"')) {
      fail(name, `${answer.status} ${answer.error} ${String(answer.body).slice(0, 200)}`);
      return null;
    }
    return JSON.parse(answer.body).data;
  }

  connect() {
    const headers = { Cookie: this.person.cookie, Origin: PORTAL };
    this.socket = new WebSocket(`${PORTAL.replace("http", "ws")}/graphql`, "graphql-transport-ws", { headers });
    return new Promise((resolve) => {
      const answers = {
        connection_ack: resolve,
        ping: () => this.send({ type: "pong" }),
        next: (message) => (message.payload.errors ? fail("live", JSON.stringify(message.payload.errors)) : ticks.add(1)),
        error: (message) => fail("live", JSON.stringify(message.payload)),
      };
      this.socket.onopen = () => this.send({ type: "connection_init" });
      this.socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (answers[message.type]) answers[message.type](message);
      };
      this.socket.onerror = ({ error }) => fail("socket", error);
      this.socket.onclose = () => {
        if (!this.left) fail("socket", "was closed");
        resolve();
      };
    });
  }

  send(message) {
    if (this.socket.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  /** Returns a function that ends it. */
  listen(name, variables = {}) {
    const id = String(++this.listening);
    this.send({ id, type: "subscribe", payload: { query: `sha256:${documents[name]}`, variables } });
    return () => this.send({ id, type: "complete" });
  }

  close() {
    this.left = true;
    this.socket.close();
  }
}

const PAGES = {
  home: async (tab) => void (await tab.ask("HomePageQuery")),
  models: async (tab) => {
    const filter = Math.random() < 0.4 ? { search: anyOf(["gpt", "mini", "embed", "code"]) } : undefined;
    await Promise.all([tab.ask("ModelFiltersQuery"), tab.ask("ModelsPageQuery", { first: 24, filter })]);
  },
  model: async (tab) => void (await tab.ask("ModelPageQuery", { id: anyOf(models) })),
  keys: async (tab) => void (await tab.ask("KeysPageQuery", { first: 25 })),
  subscriptions: async (tab) => void (await tab.ask("SubscriptionsPageQuery", { first: 25 })),
  usage: async (tab) => {
    const asked = { all: false, compare: true, timeZone: "Europe/Berlin", interval: "DAY", ...lastDays(anyOf([7, 7, 30])) };
    const { range, before, interval, timeZone } = asked;
    const leave = tab.listen("UsageLiveSubscription", { range, interval, timeZone });
    await Promise.all([
      tab.ask("UsageOverviewQuery", asked),
      tab.ask("UsageBreakdownsQuery", { all: false, range }),
      tab.ask("UsageSpeedsQuery", { all: false, compare: true, range, before }),
      tab.ask("UsageHeatmapQuery", { all: false, range, timeZone }),
    ]);
    // Few come near the menus of filters, which ask then what they have to offer.
    if (Math.random() < 0.1) await tab.ask("UsageFiltersQuery", { all: false, range });
    return leave;
  },
  wizard: async (tab) => {
    const id = anyOf(models);
    await Promise.all([tab.ask("NewSubscriptionPageQuery", { id }), tab.ask("ModelsStepQuery", { first: 25 })]);
    await pause(READ / 2);
    await tab.ask("useSubscribingMutation", { input: { modelId: id, justification: "For the load test." } });
  },
  newKey: async (tab) => {
    const asked = await tab.ask("CreateKeyDialogQuery");
    if (!asked) return;
    const modelIds = asked.viewer.modelSubscriptions.edges.slice(0, 2).map(({ node }) => node.model.id);
    await pause(READ / 2);
    const made = await tab.ask("CreateKeyDialogMutation", { input: { name: `Key ${Date.now()}`, modelIds } });
    if (made?.createApiKey.__typename === "CreateApiKeySuccess") keysMade.add(1);
    else if (made) fail("CreateKeyDialogMutation", made.createApiKey.__typename);
  },
};
// Of a hundred visits.
const VISITS = { home: 12, models: 22, model: 14, keys: 18, subscriptions: 8, usage: 20, wizard: 4, newKey: 2 };
const visits = Object.entries(VISITS).flatMap(([name, share]) => Array(share).fill(name));

export async function person() {
  const until = Date.now() + lasts * 1000;
  await pause(Math.random() * ARRIVE);
  const tab = new Tab(people[(__VU - 1) % people.length]);
  await tab.open();
  while (Date.now() < until) {
    const name = anyOf(visits);
    const began = Date.now();
    const leave = await PAGES[name](tab);
    if (name !== "wizard" && name !== "newKey") pageTime.add(Date.now() - began);
    await pause(Math.min(READ * (0.5 + Math.random()), Math.max(0, (until - Date.now()) / 1000)));
    if (leave) leave();
  }
  tab.close();
}

export function litellm() {
  const now = Date.now() / 1000;
  const calls = Array.from({ length: 5 }, () => ({
    litellm_call_id: `${now}-${Math.random()}`,
    status: "success",
    startTime: now - 1,
    endTime: now,
    model_group: "gpt-5-mini",
    prompt_tokens: 100,
    completion_tokens: 20,
    total_tokens: 120,
    response_cost: 0.0021,
    metadata: { user_api_key_hash: anyOf(people).token },
  }));
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${SECRET}` };
  const answer = http.post(`${PORTAL}/webhooks/litellm`, JSON.stringify(calls), { headers, tags: { name: "callback" } });
  if (answer.status !== 200) fail("callback", answer.status);
}

export function handleSummary({ metrics }) {
  return { [SUMMARY]: JSON.stringify(metrics) };
}
