import "./styles";
import "graphiql/style.css";
import "./graphiql.css";

import { type Fetcher, createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createClient } from "graphql-ws";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { FIRST, examplesPlugin } from "./examples";

/** Leads to sign-in and back when there is no session; every other answer is GraphiQL's to show. */
async function fetchWithSession(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, credentials: "same-origin" });
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  const { errors } = (body ?? {}) as { errors?: { extensions?: { code?: string } }[] };
  const code = errors?.[0]?.extensions?.code;
  if (code === "TRUSTED_DOCUMENTS_ONLY") sayThatItIsClosed();
  if (code === "UNAUTHENTICATED") window.location.assign("/sign-in?next=/graphiql");
  return response;
}

/** This installation answers none but its own pages, so there is nothing to try here. */
function sayThatItIsClosed() {
  const notice = document.getElementById("closed")!;
  notice.hidden = false;
}

const fetcher = createGraphiQLFetcher({
  url: "/graphql",
  fetch: fetchWithSession,
  headers: { "X-LiteMaaS-Request": "1" },
  wsClient: createClient({ url: `${window.location.origin.replace(/^http/, "ws")}/graphql` }),
});

/** Without a name that is not in the document any more: GraphiQL learns of an edit some tenths of a second late. */
const fetchAsWritten: Fetcher = ({ operationName, ...params }, options) => {
  const isThere = operationName && new RegExp(`\\b(query|mutation|subscription)\\s+${operationName}\\b`).test(params.query);
  return fetcher({ ...params, ...(isThere && { operationName }) }, options);
};

const PLUGINS = [examplesPlugin, HISTORY_PLUGIN];

createRoot(document.getElementById("graphiql")!).render(
  <StrictMode>
    <GraphiQL fetcher={fetchAsWritten} defaultQuery={FIRST} plugins={PLUGINS}>
      <GraphiQL.Logo>
        <a href="/">LiteMaaS</a>
      </GraphiQL.Logo>
    </GraphiQL>
  </StrictMode>,
);
