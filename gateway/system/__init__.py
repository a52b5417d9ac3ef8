"""How this installation is: LiteLLM as it was last seen, what waits to be told to it, and how our own jobs go.

Each replica looks at LiteLLM for itself, since one may be cut off alone. Runs of jobs are remembered in the database, one row for each
job, so that any replica can tell of them whoever ran it. Auditors and admins may read; whether LiteLLM answers is no secret.
"""

from gateway.system.figures import Figures, FiguresService
from gateway.system.service import LiteLLMStatus, SystemService
from gateway.system.tables import JobOutcome, JobRun

__all__ = ["Figures", "FiguresService", "JobOutcome", "JobRun", "LiteLLMStatus", "SystemService"]
