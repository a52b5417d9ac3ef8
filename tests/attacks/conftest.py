"""The same worlds as the API's tests."""

from tests.api.conftest import shared_world, world

__all__ = ["shared_world", "world"]
