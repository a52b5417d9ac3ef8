"""The embedded default: PostgreSQL from a wheel, a LiteLLM that answers like the real one, sample people and traffic.

Nothing outside `litemaas sandbox` and the tests imports this package.
"""
