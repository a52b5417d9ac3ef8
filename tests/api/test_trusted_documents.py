"""TRUSTED_DOCUMENTS_ONLY: the operations of our own pages and no others."""

import json
import re

import pytest

from gateway.settings import ApiSettings
from schema.documents import read_stored
from tests.api.test_rate_limits import a_portal

STORED = read_stored()
(LITELLM_BANNER,) = (f"sha256:{id_}" for id_, text in STORED.items() if re.match(r"query LiteLLMBannerQuery\b", text))
TEXT = "{ portal { version } }"
REFUSED = {
    "message": "This LiteMaaS answers only the documents of its own pages.",
    "extensions": {"code": "TRUSTED_DOCUMENTS_ONLY"},
}


@pytest.mark.parametrize("bound", ["browsers", "everybody"])
async def test_only_what_our_pages_ask(database_url: str, bound: str) -> None:
    async with a_portal(database_url, ApiSettings(trusted_documents_only=bound)) as portal:
        alice, nobody = await portal.sign_in("alice"), portal.nobody()
        for client in (alice, nobody):
            answer = await client.post(TEXT)
            assert (answer["data"], answer["errors"]) == (None, [REFUSED])
            assert "portal" in await client.execute(LITELLM_BANNER)
            # The text of one of them is a text.
            assert (await client.post(STORED[LITELLM_BANNER.removeprefix("sha256:")]))["errors"] == [REFUSED]
            # A page of an older release must hear that it has to be loaded again.
            assert await client.refused("sha256:" + "0" * 64) == {"code": "DOCUMENT_NOT_FOUND"}
        async with alice.socket() as socket:
            payload = {"query": "subscription { usageChanged { asOf } }"}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            message = json.loads(await socket.recv())
            assert (message["type"], message["payload"]) == ("error", [REFUSED])


async def test_by_default_everybody_asks_what_they_like(database_url: str) -> None:
    async with a_portal(database_url, ApiSettings()) as portal:
        assert "portal" in await portal.nobody().execute(TEXT)
