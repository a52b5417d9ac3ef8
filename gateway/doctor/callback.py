"""Whether LiteLLM's callback arrives: by what it told of late, or by a call that is made for it."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import httpx2

from gateway.db import asyncpg_dsn, utc_now
from gateway.doctor.findings import PATIENCE, Finding, State
from gateway.litellm import LiteLLM, LiteLLMError
from gateway.settings import Settings

PROMPT = timedelta(seconds=30)  # the ledger's own look into LiteLLM's log comes a minute after a call

# The newest call that was booked so soon after its end that only the callback can have told of it.
_TOLD = """
SELECT max(occurred_at) FROM (
  SELECT * FROM usage_event WHERE occurred_at > now() - interval '1 day' ORDER BY occurred_at DESC LIMIT 5000
) newest WHERE received_at < occurred_at + coalesce(latency_ms, 0) * interval '1 millisecond' + $1
"""
_REPORTED = "SELECT true FROM usage_event WHERE token_hash = $1 AND occurred_at > now() - interval '1 hour' LIMIT 1"


async def lately(settings: Settings) -> AsyncIterator[Finding]:
    part = "callback"
    now = utc_now()
    try:
        async with LiteLLM(settings.litellm.base_url, settings.litellm.master_key.get_secret_value()) as client:
            settled = now - timedelta(seconds=settings.litellm.settle_seconds)
            log = (await client.spend_logs(now - timedelta(days=1), settled, page_size=1)).data
        connection = await asyncpg.connect(asyncpg_dsn(settings.database.url), timeout=PATIENCE)
        try:
            told: datetime | None = await connection.fetchval(_TOLD, PROMPT)
        finally:
            await connection.close()
    except (LiteLLMError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        yield Finding(part, State.UNKNOWN, "It can't be judged before LiteLLM and the database answer.")
        return
    made = log[0].startTime if log else None
    if made is None and told is None:
        mend = "Run `litemaas doctor --call`, which has LiteLLM report a call."
        yield Finding(part, State.UNKNOWN, "LiteLLM's log has no call of the last day.", mend)
    elif told is not None and (made is None or told >= made - timedelta(minutes=5)):
        yield Finding(part, State.GOOD, f"It told of a call of {told:%Y-%m-%d %H:%M:%S} UTC.")
    else:
        since = f"since {told:%Y-%m-%d %H:%M:%S} UTC" if told else "in the last day"
        sentence = f"LiteLLM has calls, and its callback told of none {since}."
        yield Finding(part, State.BAD, sentence, _mend(settings))


async def by_calling(settings: Settings) -> AsyncIterator[Finding]:
    """With a key that nobody has: LiteLLM refuses the call, reports it like any other, and asks no model."""
    part = "callback"
    key = f"sk-litemaas-doctor-{secrets.token_hex(16)}"
    body = {"model": "litemaas-doctor", "messages": [{"role": "user", "content": "-"}]}
    try:
        async with httpx2.AsyncClient(timeout=PATIENCE) as client:
            url = f"{settings.litellm.base_url}/v1/chat/completions"
            await client.post(url, json=body, headers={"Authorization": f"Bearer {key}"})
        connection = await asyncpg.connect(asyncpg_dsn(settings.database.url), timeout=PATIENCE)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        yield Finding(part, State.UNKNOWN, "It can't be judged before LiteLLM and the database answer.")
        return
    try:
        until, told = utc_now() + PROMPT, False
        while not told and utc_now() < until:
            await asyncio.sleep(0.5)
            told = await connection.fetchval(_REPORTED, hashlib.sha256(key.encode()).hexdigest())
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        yield Finding(part, State.UNKNOWN, "It can't be judged before the database answers.")
        return
    finally:
        await connection.close()
    if told:
        yield Finding(part, State.GOOD, "It told of a call that LiteLLM has just refused.")
    else:
        seconds = round(PROMPT.total_seconds())
        sentence = f"It told nothing for {seconds} s of a call that LiteLLM has refused."
        yield Finding(part, State.BAD, sentence, f"LiteMaaS must be running. {_mend(settings)}")


def _mend(settings: Settings) -> str:
    return (
        f"In LiteLLM's callback_settings, endpoint must lead to {settings.web.public_url}/webhooks/litellm or to the "
        "Service, and the header X-Callback-Secret must be LITELLM_WEBHOOK_SECRET; LiteLLM's log says what it was answered."
    )
