"""Benchmarks: run by hand, and by CI with `--smoke` to see that they still run. They print ratios of one run and assert no time.

python -m tests.bench.models_page     a page of models against a plain route that writes the same bytes
python -m tests.bench.dashboard       what the dashboard costs in PostgreSQL as the ledger grows
python -m tests.bench.crowd           a dashboard alone, and 32 people asking at once
python -m tests.bench.live            a webhook's callback to the sockets of 1,000 subscribers
python -m tests.bench.memory          the gateway at rest
python -m tests.bench.reconcile       10,000 keys brought to LiteLLM, and a sweep that finds nothing
python -m tests.bench.ledger_check    a stretch of LiteLLM's spend log that has nothing new, beside booking it
"""
