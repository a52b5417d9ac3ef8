"""A look at each part."""

import ssl
from collections.abc import AsyncIterator, Awaitable

import asyncpg
import httpx2
import redis.asyncio as valkey
from redis.exceptions import RedisError

from gateway import revision
from gateway.db import Database, asyncpg_dsn, utc_now
from gateway.doctor.findings import PATIENCE, Finding, State, clock, clock_of, untrusted
from gateway.litellm import LiteLLM, LiteLLMError, LiteLLMRefused, LiteLLMUnavailable, Verdict, judge
from gateway.settings import Settings

_TABLES = ("app_user", "api_key", "model_subscription", "usage_event", "audit_entry")


async def database(settings: Settings) -> AsyncIterator[Finding]:
    part = "database"
    try:
        connection = await asyncpg.connect(asyncpg_dsn(settings.database.url), timeout=PATIENCE)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0].removesuffix(".")
        yield Finding(
            part, State.BAD, f"It does not let us in: {said}.", "Check DATABASE_URL, and the network between."
        )
        return
    try:
        number = connection.get_server_version()
        if number.major >= 15:
            yield Finding(part, State.GOOD, f"PostgreSQL {number.major}.{number.minor} answers.")
        else:
            yield Finding(part, State.BAD, f"PostgreSQL {number.major} is too old.", "Take PostgreSQL 15 or newer.")
        skew = abs(await connection.fetchval("SELECT clock_timestamp()") - utc_now())
        yield clock("clock of the database", skew)
        db = Database(settings.database.url)
        try:
            schema = await revision.schema_of(db)
        finally:
            await db.close()
        yield _schema(part, schema)
        if not schema.fit.is_good:
            return
        rights = """SELECT name FROM unnest($1::text[]) name
          WHERE NOT (has_table_privilege(name, 'SELECT') AND has_table_privilege(name, 'INSERT'))"""
        lacking = [row["name"] for row in await connection.fetch(rights, list(_TABLES))]
        temporary = await connection.fetchval("SELECT has_database_privilege(current_database(), 'TEMPORARY')")
        mend = "Run `litemaas migrate --runtime-role ROLE` as the owner of the tables, with the role of DATABASE_URL."
        if lacking:
            yield Finding(part, State.BAD, f"The role may not read and write {', '.join(lacking)}.", mend)
        if not temporary:
            mend = "GRANT TEMPORARY ON DATABASE … TO the role of DATABASE_URL."
            yield Finding(part, State.BAD, "The role may make no temporary tables, which booking calls needs.", mend)
        if temporary and not lacking:
            yield Finding(part, State.GOOD, "The role has the rights that it needs.")
    finally:
        await connection.close()


async def litellm(settings: Settings) -> AsyncIterator[Finding]:
    part = "LiteLLM"
    url = f"{settings.litellm.base_url}/health/liveliness"
    agrees = None
    try:
        async with httpx2.AsyncClient(timeout=PATIENCE) as direct:
            agrees = clock_of(part, await direct.get(url))
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        if finding := untrusted(part, error, "Name a file with its authority's certificate in SSL_CERT_FILE."):
            yield finding
            return
    async with LiteLLM(settings.litellm.base_url, settings.litellm.master_key.get_secret_value()) as client:
        try:
            await client.ping()
        except LiteLLMError as error:
            said = error.reason if isinstance(error, LiteLLMUnavailable | LiteLLMRefused) else str(error)
            mend = "Check LITELLM_BASE_URL, the network between, and whether LiteLLM runs."
            yield Finding(part, State.BAD, f"It does not answer at {client.base_url}: {said}.", mend)
            return
        if agrees is not None:
            yield agrees
        try:
            version = await client.version()
            judgement = judge(version)
            state = {Verdict.GOOD: State.GOOD, Verdict.BAD: State.BAD, Verdict.UNKNOWN: State.UNKNOWN}[
                judgement.verdict
            ]
            yield Finding(part, state, f"It is release {version or 'unknown'}.", judgement.reason)
            await client.list_keys("litemaas-")
            models = await client.models()
        except LiteLLMRefused as error:
            mend = "LITELLM_MASTER_KEY must be the master key that LiteLLM was started with."
            yield Finding(part, State.BAD, f"It refuses our master key: {error.reason}", mend)
            return
        except LiteLLMUnavailable as error:
            mend = "It answers, and can't do its work: look at its database."
            yield Finding(part, State.BAD, f"It can't tell its keys: {error.reason}.", mend)
            return
        if models:
            yield Finding(part, State.GOOD, f"It takes our master key, and has models: {len(models)}.")
        else:
            mend = "Add models to its model_list; nobody finds anything before."
            yield Finding(part, State.UNKNOWN, "It takes our master key, and has no models.", mend)


async def issuer(settings: Settings) -> AsyncIterator[Finding]:
    part, auth = "sign-in", settings.auth
    if auth.provider == "openshift":
        url = f"{auth.openshift_api_url}/.well-known/oauth-authorization-server"
        missing = "The cluster has no OAuth server: set AUTH_PROVIDER=oidc and OIDC_ISSUER to the issuer that it uses."
    else:
        url = f"{(auth.oidc_issuer or '').rstrip('/')}/.well-known/openid-configuration"
        missing = "OIDC_ISSUER must be the issuer exactly as it calls itself."
    try:
        async with httpx2.AsyncClient(verify=_trust(settings), timeout=PATIENCE) as client:
            answer = await client.get(url)
            metadata = answer.json() if answer.status_code == 200 else None
            if not isinstance(metadata, dict) or "authorization_endpoint" not in metadata:
                yield Finding(
                    part, State.BAD, f"{url} answers {answer.status_code}, without an address to sign in at.", missing
                )
                return
            yield Finding(part, State.GOOD, f"{metadata.get('issuer')} tells where to sign in.")
            if auth.provider == "oidc" and str(metadata.get("issuer")).rstrip("/") != (auth.oidc_issuer or "").rstrip(
                "/"
            ):
                yield Finding(part, State.BAD, f"The issuer calls itself {metadata.get('issuer')}.", missing)
            if agrees := clock_of("the issuer", answer):
                yield agrees
            # The page to sign in at may be certified by another authority than what told of it.
            await client.get(str(metadata["token_endpoint"]))
            yield Finding(part, State.GOOD, "Its certificates are trusted.")
    except (httpx2.HTTPError, httpx2.InvalidURL, KeyError, ValueError) as error:
        mend = "Name the authorities' certificates in OPENSHIFT_CA_FILE: the API server's and the ingress's may differ."
        sentence = f"{url} does not answer: {type(error).__name__}."
        yield (untrusted(part, error, mend) or Finding(part, State.BAD, sentence, "Check the address and the network."))


def _trust(settings: Settings) -> ssl.SSLContext:
    trust = httpx2.create_ssl_context()
    for file in settings.auth.openshift_ca_files:
        trust.load_verify_locations(file)
    return trust


def _schema(part: str, schema: revision.Schema) -> Finding:
    at = f"It is at revision {schema.revision}"
    match schema.fit:
        case revision.Fit.SAME:
            return Finding(part, State.GOOD, f"{at}, as this release needs.")
        case revision.Fit.AHEAD:
            return Finding(part, State.GOOD, f"{at} of a later release, which this one can work with.")
        case revision.Fit.TOO_NEW:
            mend = "Deploy that release again, or restore a backup from before it."
            return Finding(part, State.BAD, f"{at} of a later release, which this one can't work with.", mend)
    found = at if schema.revision else "It is empty"
    return Finding(part, State.BAD, f"{found}, and needs {revision.head()}.", "Run `litemaas migrate`.")


async def rate_limits(settings: Settings) -> AsyncIterator[Finding]:
    part = "Valkey"
    if not settings.redis_url:
        mend = "With more than one replica set REDIS_URL, or each counts rate limits by itself."
        yield Finding(part, State.UNKNOWN, "There is none.", mend)
        return
    client = valkey.Redis.from_url(settings.redis_url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    try:
        await _answered(client.ping())
        yield Finding(part, State.GOOD, "It answers.")
    except (RedisError, OSError) as error:
        yield Finding(
            part, State.BAD, f"It does not answer: {type(error).__name__}.", "Check REDIS_URL and the network."
        )
    finally:
        await client.aclose()


async def _answered(answer: Awaitable[object] | object) -> None:
    if isinstance(answer, Awaitable):
        await answer


async def addresses(settings: Settings) -> AsyncIterator[Finding]:
    part, url = "PUBLIC_URL", settings.web.public_url
    if not settings.web.is_https:
        mend = "Put LiteMaaS behind a Route or an Ingress with a certificate; cookies of sessions cross the network in clear."
        yield Finding(part, State.UNKNOWN, f"{url} is not https.", mend)
    try:
        async with httpx2.AsyncClient(timeout=PATIENCE, verify=_trust(settings)) as client:
            answer = await client.get(f"{url}/healthz")
        ours = answer.status_code == 200 and answer.json() == {"status": "ok"}
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        mend = "From a browser it may work all the same; a cluster need not reach its own front door."
        yield Finding(part, State.UNKNOWN, f"{url} can't be reached from here: {type(error).__name__}.", mend)
        return
    if ours:
        yield Finding(part, State.GOOD, f"{url} leads to LiteMaaS.")
    else:
        mend = "The Route or Ingress of that host must lead to the Service of LiteMaaS."
        yield Finding(part, State.BAD, f"{url} leads to something else.", mend)


async def traces(settings: Settings) -> AsyncIterator[Finding]:
    part, url = "traces", settings.tracing.endpoint
    if url is None:
        return
    try:
        async with httpx2.AsyncClient(timeout=PATIENCE) as client:
            # Nothing, which is a whole request as OTLP has it.
            answer = await client.post(url, content=b"", headers={"Content-Type": "application/x-protobuf"})
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        mend = "Check OTEL_EXPORTER_OTLP_ENDPOINT, and whether a NetworkPolicy lets its port out."
        yield Finding(part, State.BAD, f"{url} does not answer: {type(error).__name__}.", mend)
        return
    if answer.is_success or answer.status_code in (401, 403):  # it may want OTEL_EXPORTER_OTLP_HEADERS
        yield Finding(part, State.GOOD, f"A collector answers at {url}.")
    else:
        mend = "OTEL_EXPORTER_OTLP_ENDPOINT must be a collector's port for OTLP over HTTP, usually 4318."
        yield Finding(part, State.BAD, f"{url} answers {answer.status_code}.", mend)
