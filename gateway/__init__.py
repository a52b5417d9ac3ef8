"""LiteMaaS, the application: what the portal does, without a word of GraphQL.

Start reading at `gateway.app` (how the parts are put together), then at any domain's door: `gateway.keys`, `gateway.usage`, …
"""

__version__ = "0.1.0"
