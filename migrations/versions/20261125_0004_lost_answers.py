"""When an answer of LiteLLM's about a key was lost."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A migration that has to wait for a lock makes everybody behind it wait: better to fail, and try again.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("api_key_generation", sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("api_key_generation", "lost_at")
