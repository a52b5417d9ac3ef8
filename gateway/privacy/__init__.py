"""What is kept about a person: handed out, forgotten on request, and forgotten by itself when its time is over.

A person's name, address and free texts stand in the tables of several domains; each forgets its own, and here they are told to in one
transaction. What stays of an erased person is a row with a pseudonym, so that sums and the record keep their sense: `erased-` and the
beginning of the id. Keys are revoked and subscriptions given up, so LiteLLM deletes its keys by the settlement; of the person it never
knew more than our id. Whoever signs in again is somebody new.

What other people wrote about somebody, in reasons and names of keys that the audit record quotes, is sealed there and stays.
"""

from gateway.privacy.service import ErasureImpact, PrivacyService, Receipt

__all__ = ["ErasureImpact", "PrivacyService", "Receipt"]
