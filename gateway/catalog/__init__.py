"""The models that people can choose from.

LiteLLM says which models there are and what they cost; we copy that into rows of our own every few seconds, so that reading never waits
for LiteLLM and history keeps a name for what was taken away. A model that LiteLLM no longer lists is retired, never deleted; a LiteLLM
that does not answer, or answers that it has no models at all, changes nothing. Hidden models are shown to nobody but admins and auditors.

Who may have a model, whether it is deprecated and what to use instead is an admin's word (`change`), which no sync undoes. What that does
to those who have the model is for `subscriptions` to say, which calls it.
"""

from gateway.catalog.changes import change, exists
from gateway.catalog.queries import Facets, ModelFilter, ModelOrder, visible_to
from gateway.catalog.service import CatalogService
from gateway.catalog.tables import Model, ModelAccess, ModelCapability, ModelLifecycle, ModelMode, ModelPrice

__all__ = [
    "CatalogService",
    "Facets",
    "Model",
    "ModelAccess",
    "ModelCapability",
    "ModelFilter",
    "ModelLifecycle",
    "ModelMode",
    "ModelOrder",
    "ModelPrice",
    "change",
    "exists",
    "visible_to",
]
