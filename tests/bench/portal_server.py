"""The gateway with its jobs and its limits, where so many people may sign in:  … PORT DATABASE_URL LITELLM_URL PEOPLE"""

import sys

import uvicorn

from gateway.cli import listen, uvicorn_config
from gateway.logs import configure_logging
from gateway.settings import ApiSettings
from tests.bench.serving import HOST, settings


def main() -> None:
    port, database_url, litellm_url, people = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    configure_logging(pretty=False)
    from gateway.app import create_app

    app = create_app(settings(database_url, port, people, litellm_url=litellm_url, api=ApiSettings()))
    uvicorn.Server(uvicorn_config(app)).run(sockets=[listen(HOST, port)])


if __name__ == "__main__":
    main()
