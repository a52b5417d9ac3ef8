"""audit: refusals, where requests came from, seals, and triggers that let nothing be changed."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

# A person's name may become a pseudonym; everything else stays as it was written.
REFUSE = """
CREATE FUNCTION refuse_rewriting_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_entry' THEN
    IF NEW.actor LIKE 'erased-%' AND OLD.actor_id IS NOT NULL
       AND to_jsonb(NEW) - 'actor' = to_jsonb(OLD) - 'actor' THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit record is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$
"""
TABLES = ('audit_entry', 'audit_seal')


def upgrade() -> None:
    # A migration that has to wait for a lock makes everybody behind it wait: better to fail, and try again.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column('audit_entry', sa.Column('seq', sa.BigInteger(), sa.Identity(always=True), nullable=False))
    op.create_unique_constraint(op.f('uq_audit_entry_seq'), 'audit_entry', ['seq'])
    op.add_column('audit_entry', sa.Column(
        'outcome',
        sa.Enum('DONE', 'REFUSED', name='outcome', native_enum=False, create_constraint=True, length=32),
        server_default='DONE', nullable=False,
    ))
    op.add_column('audit_entry', sa.Column('request_id', sa.String(), nullable=True))
    op.add_column('audit_entry', sa.Column('address', sa.String(), nullable=True))
    op.create_index('ix_audit_entry_actor_at', 'audit_entry', ['actor', 'at'])
    op.create_index('ix_audit_entry_action_at', 'audit_entry', ['action', 'at'])
    op.create_table('audit_seal',
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('entry_id', sa.Uuid(), nullable=False),
    sa.Column('entry_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('sealed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_audit_seal')),
    sa.UniqueConstraint('entry_id', name=op.f('uq_audit_seal_entry_id'))
    )
    op.execute(REFUSE)
    for table in TABLES:
        op.execute(f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_audit()")
        op.execute(f"CREATE TRIGGER {table}_never_truncated BEFORE TRUNCATE ON {table} "
                   "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_audit()")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f'DROP TRIGGER {table}_append_only ON {table}')
        op.execute(f'DROP TRIGGER {table}_never_truncated ON {table}')
    op.execute('DROP FUNCTION refuse_rewriting_audit')
    op.drop_table('audit_seal')
    op.drop_index('ix_audit_entry_action_at', table_name='audit_entry')
    op.drop_index('ix_audit_entry_actor_at', table_name='audit_entry')
    op.drop_column('audit_entry', 'address')
    op.drop_column('audit_entry', 'request_id')
    op.drop_column('audit_entry', 'outcome')
    op.drop_constraint(op.f('uq_audit_entry_seq'), 'audit_entry')
    op.drop_column('audit_entry', 'seq')
