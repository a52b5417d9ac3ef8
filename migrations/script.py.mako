"""${message}."""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    # A migration that has to wait for a lock makes everybody behind it wait, and after a second PostgreSQL ends deadlocks
    # at whose cost it likes: better to fail, and try again.
    op.execute("SET LOCAL lock_timeout = '500ms'")
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
