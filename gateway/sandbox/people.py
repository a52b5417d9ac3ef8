"""The sample people. They sign in by name alone, which is why the sandbox listens on this machine only."""

from gateway.actor import Role
from gateway.settings import SandboxPerson

PEOPLE: tuple[SandboxPerson, ...] = (
    SandboxPerson(username="alice", display_name="Alice Arnold", email="alice@example.com", role=Role.USER),
    SandboxPerson(username="bob", display_name="Bob Baker", email="bob@example.com", role=Role.USER),
    SandboxPerson(username="ada", display_name="Ada Adler", email="ada@example.com", role=Role.ADMIN),
    SandboxPerson(username="audrey", display_name="Audrey Ames", email="audrey@example.com", role=Role.AUDITOR),
)
