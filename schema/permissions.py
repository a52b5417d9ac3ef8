"""Who may ask what: one rule for each field at the top, of the caller, of `admin`, and for each change and live result.

Which rows somebody sees of what may be asked is for the services to say, in SQL; here stands what follows from the caller alone. A
field without a rule does not start.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, OperationType
from strawberry import Schema

from gateway.actor import Actor, Kind, Role
from gateway.actor import TokenScope as S
from gateway.errors import DomainError, KeyNotPermitted, NotPermitted, NotSignedIn, ScopeMissing
from schema import refusals


class Who(Enum):
    """Each includes those below it, but OWNER, which auditors are not: they change nothing."""

    ANYBODY = "signed in or not"
    CALLER = "whoever shows who it is, a key for itself too"
    PERSON = "a person, for what is the person's own"
    OWNER = "whose it is, or an admin where the service says so; no auditor"
    AUDITOR = "auditors and admins"
    ADMIN = "admins"


@dataclass(frozen=True, slots=True)
class Rule:
    """`scope` is what an access token needs besides."""

    who: Who
    scope: S = S.READ


_SELF = Rule(Who.CALLER)
_MINE = Rule(Who.PERSON)
_ACCOUNT = Rule(Who.PERSON, S.ACCOUNT_WRITE)
_SUBSCRIBE = Rule(Who.OWNER, S.SUBSCRIPTIONS_WRITE)
_KEYS = Rule(Who.OWNER, S.KEYS_WRITE)
_READ_ALL = Rule(Who.AUDITOR, S.ADMIN)
_ADMIN = Rule(Who.ADMIN, S.ADMIN)

RULES: dict[str, dict[str, Rule]] = {
    "Query": {
        "viewer": _SELF,
        "node": _SELF,
        "models": _MINE,
        "modelFacets": _MINE,
        "rateLimit": Rule(Who.ANYBODY),
        "admin": _READ_ALL,
        "portal": Rule(Who.ANYBODY),
    },
    "Viewer": {
        "user": _MINE,
        "apiKey": _SELF,
        "models": _SELF,
        "modelSubscriptions": _MINE,
        "apiKeys": _MINE,
        "keyPolicy": _MINE,
        "subscriptionPolicy": _MINE,
        "notifications": _MINE,
        "teams": _MINE,
        "usage": _SELF,
        "budget": _SELF,
        "sessions": _MINE,
        "accessTokens": _MINE,
        "erasureImpact": _MINE,
    },
    "Admin": {
        "modelSubscriptions": _READ_ALL,
        "modelChangeImpact": _READ_ALL,
        "apiKeys": _READ_ALL,
        "users": _READ_ALL,
        "user": _READ_ALL,
        "offboardingImpact": _READ_ALL,
        "erasureImpact": _READ_ALL,
        "accessTokens": _READ_ALL,
        "usage": _READ_ALL,
        "auditLog": _READ_ALL,
        "auditRemoval": _READ_ALL,
        "subscriptionPolicies": _READ_ALL,
        "system": _READ_ALL,
        "ledger": _READ_ALL,
    },
    "Mutation": {
        "requestModelSubscription": _SUBSCRIBE,
        "cancelModelSubscription": _SUBSCRIBE,
        "requestQuotaChange": _SUBSCRIBE,
        "cancelQuotaChange": _SUBSCRIBE,
        "approveModelSubscription": _ADMIN,
        "denyModelSubscription": _ADMIN,
        "decideModelSubscriptions": _ADMIN,
        "updateModelSubscription": _ADMIN,
        "suspendModelSubscription": _ADMIN,
        "resumeModelSubscription": _ADMIN,
        "setModelAccess": _ADMIN,
        "createApiKey": _KEYS,
        "updateApiKey": _KEYS,
        "blockApiKey": _KEYS,
        "unblockApiKey": _KEYS,
        "revokeApiKey": _KEYS,
        "rotateApiKey": _KEYS,
        "finishApiKeyRotation": _KEYS,
        "undoApiKeyRotation": _KEYS,
        "reportApiKeyLeak": _KEYS,
        "repairApiKey": _KEYS,
        "setKeyPolicy": _ADMIN,
        "recheckUsage": _ADMIN,
        "setSubscriptionPolicy": _ADMIN,
        "removeSubscriptionPolicy": _ADMIN,
        "findLeakedApiKey": _ADMIN,
        "adoptApiKey": _ADMIN,
        "markNotificationsRead": _ACCOUNT,
        "endSession": _ACCOUNT,
        "endOtherSessions": _ACCOUNT,
        "createAccessToken": _ACCOUNT,
        "revokeAccessToken": _ACCOUNT,
        "disableUser": _ADMIN,
        "enableUser": _ADMIN,
        "offboardUser": _ADMIN,
        "eraseMe": _ACCOUNT,
        "erasePerson": _ADMIN,
    },
    "Subscription": {
        "usageChanged": _SELF,
        "apiKeyUsed": _SELF,
        "approvalsChanged": _READ_ALL,
        "modelSubscriptionsChanged": _MINE,
        "notificationReceived": _MINE,
        "notificationsChanged": _MINE,
    },
}


def check(actor: Actor | None, rule: Rule) -> None:
    """Raises NotSignedIn or NotPermitted and its kin."""
    if rule.who is Who.ANYBODY:
        return
    if actor is None:
        raise NotSignedIn
    if actor.kind is Kind.KEY:
        if rule.who is not Who.CALLER:
            raise KeyNotPermitted
        return
    if rule.scope not in actor.scopes:
        raise ScopeMissing(rule.scope)
    refused = {
        Who.OWNER: actor.role is Role.AUDITOR,
        Who.AUDITOR: not actor.reads_all,
        Who.ADMIN: not actor.is_admin,
    }
    if refused.get(rule.who):
        raise NotPermitted


def enforce(schema: Schema) -> None:
    """Put every rule before its field's resolver. Raises LookupError for a field without a rule, and for a rule without a field."""
    for type_name, rules in RULES.items():
        parent = schema._schema.type_map[type_name]
        assert isinstance(parent, GraphQLObjectType)
        if rules.keys() != parent.fields.keys():
            fields = ", ".join(f"{type_name}.{name}" for name in sorted(rules.keys() ^ parent.fields.keys()))
            raise LookupError(f"each field needs a rule in schema/permissions.py, and each rule a field: {fields}")
        for name, rule in rules.items():
            _guard(parent.fields[name], rule)


def _guard(field: GraphQLField, rule: Rule) -> None:
    attribute = "resolve" if field.subscribe is None else "subscribe"
    ask = getattr(field, attribute)
    # The compiler calls no resolver past this one.
    field.extensions = {**field.extensions, "rule": rule}

    def ask_if_allowed(source: Any, info: Any, **arguments: Any) -> Any:
        try:
            check(info.context.signed_in, rule)
        except (NotSignedIn, NotPermitted) as refusal:
            return _refused(info, arguments.get("input"), refusal)
        return ask(source, info, **arguments)

    setattr(field, attribute, ask_if_allowed)


async def _refused(info: Any, input: Any, refusal: DomainError) -> None:
    # Whoever is not signed in and only looks around is no news.
    if info.context.signed_in or info.operation.operation is OperationType.MUTATION:
        await refusals.put_down(info, input, refusal)
    raise refusal
