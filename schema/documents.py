"""Stored documents: the operations of our own pages, known by an id, so that a page sends 70 bytes instead of its query.

relay-compiler writes them to frontend/operations.json as {id: text}. A request names one as `{"query": "sha256:<id>"}`, over HTTP and
over a WebSocket alike. They are validated at their first use and kept for good; the limits for strangers' documents don't bind them.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from graphql import GraphQLError

from schema.execution import Document, Documents

PREFIX = "sha256:"
_REPOSITORY = Path(__file__).parent.parent
# A checkout's, or the one that was packed into the wheel.
PLACES = (_REPOSITORY / "frontend" / "operations.json", Path(__file__).parent / "operations.json")


def read_stored(places: tuple[Path, ...] = PLACES) -> dict[str, str]:
    """The documents by id, from the first of `places` that exists; none when the frontend was never built.

    Raises ValueError for a file that is not an object of texts.
    """
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        return {}
    stored = json.loads(file.read_text())
    if not isinstance(stored, dict) or not all(isinstance(text, str) for text in stored.values()):
        raise ValueError(f"{file} must be an object of document ids and texts")
    return stored


class StoredDocuments:
    """Documents by what stands in a request's `query`: an id after `sha256:`, or the text itself."""

    def __init__(self, documents: Documents, stored: Mapping[str, str]) -> None:
        self._documents = documents
        self._stored = stored
        self._prepared: dict[str, Document] = {}

    def find(self, query: str) -> Document:
        """Never raises: a document that can't be executed, or that nobody knows, has errors."""
        if not query.startswith(PREFIX):
            return self._documents.get(query)
        document = self._prepared.get(query)
        if document is None:
            text = self._stored.get(query.removeprefix(PREFIX))
            if text is None:
                # Also what a page of an older release meets after a new one is deployed: it has to be loaded again.
                message = "There is no stored document with this id."
                return Document(None, (GraphQLError(message, extensions={"code": "DOCUMENT_NOT_FOUND"}),))
            document = self._prepared[query] = self._documents.prepare(text, limited=False)
        return document
