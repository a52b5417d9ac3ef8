"""The gateway as it is served, with the benchmark's documents among the stored ones:  … PORT DATABASE_URL [PEOPLE [ROLE]]"""

import sys

import uvicorn

import schema.asgi
from gateway.actor import Role
from gateway.cli import listen, uvicorn_config
from gateway.logs import configure_logging
from tests.bench.serving import HOST, settings

MODELS = "models-page"
MODELS_TEXT = """
query ModelsPage($first: Int!) {
  models(first: $first) {
    edges {
      node {
        id name provider mode description contextWindow maxOutputTokens inputCostPerMillion outputCostPerMillion
        capabilities access lifecycle
      }
    }
  }
}
"""

LIVE = "usage-live"
LIVE_TEXT = """
subscription UsageLive {
  usageChanged {
    asOf
    totals { requests failures promptTokens completionTokens totalTokens spend }
  }
}
"""


def main() -> None:
    port, database_url = int(sys.argv[1]), sys.argv[2]
    people = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    role = Role(sys.argv[4]) if len(sys.argv) > 4 else Role.USER
    configure_logging(pretty=False)
    schema.asgi.MAX_CONNECTIONS = 100_000  # all may be one person's
    schema.asgi.read_stored = lambda: {MODELS: MODELS_TEXT, LIVE: LIVE_TEXT}
    from gateway.app import create_app

    config = uvicorn_config(create_app(settings(database_url, port, people, role), run_jobs=False))
    uvicorn.Server(config).run(sockets=[listen(HOST, port)])


if __name__ == "__main__":
    main()
