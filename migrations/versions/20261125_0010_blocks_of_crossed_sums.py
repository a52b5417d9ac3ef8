"""blocks of crossed sums: tables for sums of days that are over, which a job fills from the daily ones; and an index that finds
the members of one dimension among those of a block.

Whichever release books, these stay right.
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

MEASURES = 'requests, failures, prompt_tokens, completion_tokens, total_tokens, spend, cached_tokens, cache_hits, unpriced'
INDEXES = (['hours', 'start'], *([name, 'hours', 'start'] for name in ('user_id', 'api_key_id', 'model_name', 'provider')))


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table('usage_block',
    *(sa.Column(name, sa.Numeric() if name == 'spend' else sa.BigInteger(), nullable=False) for name in MEASURES.split(', ')),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('hours', sa.Integer(), nullable=False),
    sa.Column('start', sa.DateTime(timezone=True), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('team_id', sa.Uuid(), nullable=True),
    sa.Column('api_key_id', sa.Uuid(), nullable=True),
    sa.Column('model_name', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=True),
    sa.Column('status', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_usage_block')),
    )
    for columns in INDEXES:
        op.create_index(f'ix_usage_block_{"_".join(columns)}', 'usage_block', columns, unique=False)
    op.create_table('usage_folded',
    sa.Column('hours', sa.Integer(), nullable=False),
    sa.Column('start', sa.DateTime(timezone=True), nullable=False),
    sa.Column('requests', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('hours', 'start', name=op.f('pk_usage_folded')),
    )
    op.create_index('ix_usage_member_hours_start_dimension', 'usage_member', ['hours', 'start', 'dimension'], unique=False)
    op.drop_index('ix_usage_member_hours_start', table_name='usage_member')


def downgrade() -> None:
    op.create_index('ix_usage_member_hours_start', 'usage_member', ['hours', 'start'], unique=False)
    op.drop_index('ix_usage_member_hours_start_dimension', table_name='usage_member')
    op.drop_table('usage_folded')
    op.drop_table('usage_block')
