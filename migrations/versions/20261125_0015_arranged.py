"""Which six hours' sums stand in the order in which they are read."""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('usage_arranged',
    sa.Column('start', sa.DateTime(timezone=True), nullable=False),
    sa.Column('requests', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('start', name=op.f('pk_usage_arranged')),
    )


def downgrade() -> None:
    op.drop_table('usage_arranged')
