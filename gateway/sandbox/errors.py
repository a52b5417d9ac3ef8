"""What the sandbox says when it can't run."""


class SandboxError(Exception):
    """The sandbox can't start or go on. The message is one sentence for the person at the terminal."""
