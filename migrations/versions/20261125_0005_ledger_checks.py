"""What of the ledger was compared with LiteLLM's spend log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A migration that has to wait for a lock makes everybody behind it wait: better to fail, and try again.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table('ledger_slice',
    sa.Column('start', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('passes', sa.Integer(), nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('calls', sa.BigInteger(), nullable=False),
    sa.Column('found', sa.BigInteger(), nullable=False),
    sa.Column('filled', sa.BigInteger(), nullable=False),
    sa.Column('mismatches', sa.BigInteger(), nullable=False),
    sa.Column('only_here', sa.BigInteger(), nullable=False),
    sa.Column('spend', sa.Numeric(), nullable=False),
    sa.Column('problem', sa.String(), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('start < until', name=op.f('ck_ledger_slice_in_order')),
    postgresql.ExcludeConstraint((sa.text('tstzrange(start, until)'), '&&'), using='gist', name='ex_ledger_slice_overlap'),
    sa.PrimaryKeyConstraint('start', name=op.f('pk_ledger_slice'))
    )
    op.create_table('ledger_repair',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('repaired', sa.BigInteger(), nullable=False),
    sa.Column('imported', sa.BigInteger(), nullable=False),
    sa.Column('spend', sa.Numeric(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_ledger_repair'))
    )
    op.create_table('ledger_mismatch',
    sa.Column('call_id', sa.String(), nullable=False),
    sa.Column('success', sa.Boolean(), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('model_name', sa.String(), nullable=False),
    sa.Column('problems', postgresql.ARRAY(sa.TEXT()), nullable=False),
    sa.Column('spend', sa.Numeric(), nullable=True),
    sa.Column('total_tokens', sa.BigInteger(), nullable=True),
    sa.Column('their_spend', sa.Numeric(), nullable=True),
    sa.Column('their_total_tokens', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('call_id', 'success', name=op.f('pk_ledger_mismatch'))
    )
    op.create_index(op.f('ix_ledger_mismatch_occurred_at'), 'ledger_mismatch', ['occurred_at'], unique=False)
    op.create_table('ledger_state',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('horizon', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settle_seconds', sa.Integer(), nullable=False),
    sa.Column('history_days', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('failing_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.String(), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('id = 1', name=op.f('ck_ledger_state_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_state'))
    )


def downgrade() -> None:
    op.drop_table('ledger_state')
    op.drop_index(op.f('ix_ledger_mismatch_occurred_at'), table_name='ledger_mismatch')
    op.drop_table('ledger_mismatch')
    op.drop_table('ledger_repair')
    op.drop_table('ledger_slice')
