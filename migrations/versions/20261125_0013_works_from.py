"""With which releases a database can work: with those whose head is `works_from` or later.

A migration that takes away or changes what the release before uses sets it, to the first revision whose release does without:
`op.execute("UPDATE alembic_version SET works_from = '…'")`. One that only adds leaves it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column('alembic_version', sa.Column('works_from', sa.String(), server_default='0013', nullable=False))


def downgrade() -> None:
    op.drop_column('alembic_version', 'works_from')
