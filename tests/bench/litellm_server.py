"""The sandbox's LiteLLM, with a way to ask whether it is there:  … PORT DATABASE_URL"""

import sys

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.cli import listen, uvicorn_config
from gateway.sandbox.litellm import Options, create_app
from tests.bench.serving import HOST, MASTER_KEY


async def healthz(_: Request) -> Response:
    return Response("ok")


def main() -> None:
    port, database_url = int(sys.argv[1]), sys.argv[2]
    app = create_app(Options(database_url=database_url, master_key=MASTER_KEY))
    app.routes.append(Route("/healthz", healthz))
    uvicorn.Server(uvicorn_config(app)).run(sockets=[listen(HOST, port)])


if __name__ == "__main__":
    main()
