"""Creates a key and dies on the way: `python -m tests.domains.keys.crashing DATABASE_URL LITELLM_URL USER_ID MODEL_ID`.

Prints one line for each child (`tests.fuses`); the last has the secret of the key that was made.
"""

import sys
from uuid import UUID

from gateway.actor import Actor, Role
from gateway.keys import KeyService, NewKey
from tests.fuses import die_step_by_step, fused


async def create(at: int) -> None:
    database_url, litellm_url, user_id, model_id = sys.argv[1:]
    alice = Actor(user_id=UUID(user_id), username="alice", role=Role.USER)
    keys = KeyService(*fused(at, database_url, litellm_url))
    made = await keys.create(alice, NewKey(name=f"step {at}", model_ids=[UUID(model_id)]))
    print(f"{at} made {made.secret}", flush=True)


if __name__ == "__main__":
    die_step_by_step(create, most=200)
