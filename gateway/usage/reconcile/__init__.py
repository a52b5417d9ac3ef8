"""The ledger beside LiteLLM's own spend log: what callbacks lost is booked, and what was compared is known.

LiteLLM's callbacks are at-most-once, its spend log is what it bills by. Stretches of time that are over are read from the
log and compared call by call: the newest first, again an hour later for what was written late, and back into the time
before LiteMaaS. What is missing goes the way of every callback, so it counts once. What is there with other numbers is
shown and left alone.
"""
