"""What can go wrong and whose fault it is.

    DomainError
    ├── NotSignedIn          UNAUTHENTICATED       nobody is asking
    ├── NotPermitted         FORBIDDEN             somebody is, and may not (KeyNotPermitted, ScopeMissing)
    ├── NotFound             NOT_FOUND             it is not there, or the caller may not see it
    ├── NotAvailable         NOT_AVAILABLE         this LiteMaaS cannot do it yet
    ├── InvalidInput         INVALID_INPUT         one field of the request is wrong; nothing was written
    ├── DatabaseBusy         DATABASE_BUSY         more is asked at a time than there are connections for
    └── UpstreamUnavailable  UPSTREAM_UNAVAILABLE  LiteLLM did not answer, or answered nonsense

Domains add their own beside the verbs that raise them (`keys.NotSubscribed`). An error carries its facts as attributes; the sentence
for people is a template in the class, and holds nothing that the caller may not see.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.scrubbing import scrub


class DomainError(Exception):
    """Something a caller can be told. `code` is stable and for programs, `message` is one sentence for people."""

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"
    sentence: ClassVar[str] = "Something went wrong on our side."

    @property
    def message(self) -> str:
        return str(scrub(self.sentence.format(**vars(self))))

    @property
    def extensions(self) -> dict[str, Any]:
        """What a GraphQL error says beside its message: the code, and the field where there is one."""
        field = getattr(self, "field", None)
        return {"code": self.code} | ({"field": field} if field else {})

    def __str__(self) -> str:
        return self.message


class NotSignedIn(DomainError):
    code = "UNAUTHENTICATED"
    sentence = "Sign in first."


class NotPermitted(DomainError):
    code = "FORBIDDEN"
    sentence = "Your role does not allow this."


class KeyNotPermitted(NotPermitted):
    sentence = "An LLM key may ask about itself only."


@dataclass(eq=False)
class ScopeMissing(NotPermitted):
    scope: str
    sentence = "This access token lacks the scope {scope}."


@dataclass(eq=False)
class NotFound(DomainError):
    kind: str
    code = "NOT_FOUND"
    sentence = "There is no such {kind}."


@dataclass(eq=False)
class NotAvailable(DomainError):
    feature: str
    code = "NOT_AVAILABLE"
    sentence = "{feature} is not available in this version of LiteMaaS."


@dataclass(eq=False)
class InvalidInput(DomainError):
    """`field` is named as the caller wrote it (`modelIds`); `problem` completes "field …"."""

    field: str
    problem: str
    code = "INVALID_INPUT"
    sentence = "{field} {problem}."


@dataclass(eq=False)
class DatabaseBusy(DomainError):
    """`retry_after` is in whole seconds."""

    retry_after: int = 2
    code = "DATABASE_BUSY"
    sentence = "LiteMaaS has too much to do at the moment. Try again in {retry_after} s."

    @property
    def extensions(self) -> dict[str, Any]:
        return super().extensions | {"retryAfter": self.retry_after}


class UpstreamUnavailable(DomainError):
    code = "UPSTREAM_UNAVAILABLE"
    sentence = "LiteLLM is not answering. Nothing was lost; try again in a minute."
