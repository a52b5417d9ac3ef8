import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./graphiql.css";

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

const EXAMPLE = `# The API of LiteMaaS, with your own session.
# Ctrl-Space completes, Ctrl-Enter runs.
# The book on the left: documentation.

query MyModels {
  viewer {
    user {
      displayName
    }
    modelSubscriptions(first: 10, status: [ACTIVE]) {
      totalCount
      edges {
        node {
          spend
          model {
            name
            inputCostPerMillion
            outputCostPerMillion
          }
        }
      }
    }
  }
}
`;

/** Leads to sign-in and back when there is no session; every other answer is GraphiQL's to show. */
async function fetchWithSession(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, credentials: "same-origin" });
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  const { errors } = (body ?? {}) as { errors?: { extensions?: { code?: string } }[] };
  if (errors?.[0]?.extensions?.code === "UNAUTHENTICATED") window.location.assign("/sign-in?next=/graphiql");
  return response;
}

const fetcher = createGraphiQLFetcher({
  url: "/graphql",
  fetch: fetchWithSession,
  headers: { "X-LiteMaaS-Request": "1" },
  wsClient: createClient({ url: `${window.location.origin.replace(/^http/, "ws")}/graphql` }),
});

createRoot(document.getElementById("graphiql")!).render(
  <StrictMode>
    <GraphiQL fetcher={fetcher} defaultQuery={EXAMPLE}>
      <GraphiQL.Logo>
        <a href="/">LiteMaaS</a>
      </GraphiQL.Logo>
    </GraphiQL>
  </StrictMode>,
);
