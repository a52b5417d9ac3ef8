"""narrow indexes: calls are found by eight bytes of hash of their id and of their secret's hash, and numbered by `seq`.

Booking a call is mostly writing its index entries, and those of long random texts cost most. That a call is booked once is what the
writers' lock and their look into the ledger are for, as before. The release before books right on these indexes, but reads two
hours of the ledger for each call: where many are made, what it can't book in time is booked from LiteLLM's spend log afterwards.
"""

from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute('ALTER TABLE usage_event DROP CONSTRAINT pk_usage_event')
    op.execute('ALTER TABLE usage_event ADD CONSTRAINT pk_usage_event PRIMARY KEY (seq, occurred_at)')
    op.drop_index('ix_usage_event_seq', table_name='usage_event')
    op.execute('CREATE INDEX ix_usage_event_call_occurred_at ON usage_event (hashtextextended(call_id, 0), occurred_at)')
    op.execute('CREATE INDEX ix_usage_event_token_occurred_at ON usage_event (hashtextextended(token_hash, 0), occurred_at)')
    op.drop_index('ix_usage_event_token_hash_occurred_at', table_name='usage_event')
    op.execute("UPDATE alembic_version SET works_from = '0013'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_index('ix_usage_event_token_hash_occurred_at', 'usage_event', ['token_hash', 'occurred_at'], unique=False)
    op.drop_index('ix_usage_event_token_occurred_at', table_name='usage_event')
    op.drop_index('ix_usage_event_call_occurred_at', table_name='usage_event')
    op.create_index('ix_usage_event_seq', 'usage_event', ['seq'], unique=False)
    op.execute('ALTER TABLE usage_event DROP CONSTRAINT pk_usage_event')
    op.execute('ALTER TABLE usage_event ADD CONSTRAINT pk_usage_event PRIMARY KEY (call_id, success, occurred_at)')
