"""audit anchor: the oldest part of the record may go, and the chain is verified from there on.

The running gateway has no right to delete entries. It may call `cut_audit`, which removes what is sealed and older than a moment, at least
90 days ago, from the beginning of the chain and without gaps, and leaves an anchor: the place and the hash of the last seal that is gone.
The triggers let nothing go that has no anchor behind it, whoever asks.
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

# Temporary tables are looked for last, so that nobody can put one of their own in a table's place.
FUNCTIONS = [
    """
CREATE OR REPLACE FUNCTION refuse_rewriting_audit() RETURNS trigger LANGUAGE plpgsql SET search_path = "{schema}", pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_entry' THEN
    IF NEW.actor LIKE 'erased-%' AND OLD.actor_id IS NOT NULL
       AND to_jsonb(NEW) - 'actor' = to_jsonb(OLD) - 'actor' THEN
      RETURN NEW;
    END IF;
  ELSIF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_entry' THEN
    IF (SELECT s.position FROM audit_seal s WHERE s.entry_id = OLD.id) <= (SELECT max(position) FROM audit_anchor) THEN
      RETURN OLD;
    END IF;
  ELSIF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_seal' THEN
    IF OLD.position <= (SELECT max(position) FROM audit_anchor) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit record is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$
""",
    """
CREATE FUNCTION check_audit_anchor() RETURNS trigger LANGUAGE plpgsql SET search_path = "{schema}", pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM audit_seal WHERE position = NEW.position AND hash = NEW.hash AND entry_at = NEW.entry_at)
     AND EXISTS (SELECT FROM audit_seal WHERE position > NEW.position)
     AND NOT EXISTS (SELECT FROM audit_seal WHERE position <= NEW.position AND entry_at > now() - interval '90 days') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the audit record must not begin there' USING ERRCODE = 'insufficient_privilege';
END $$
""",
    """
CREATE FUNCTION cut_audit(before timestamptz, most bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = "{schema}", pg_temp AS $$
DECLARE
  oldest bigint;
  newest bigint;
  last bigint;
BEGIN
  LOCK TABLE audit_anchor IN SHARE ROW EXCLUSIVE MODE;
  SELECT min(position), max(position) INTO oldest, newest FROM audit_seal;
  SELECT position - 1 INTO last FROM audit_seal
  WHERE position < oldest + most AND entry_at >= least(before, now() - interval '90 days') ORDER BY position LIMIT 1;
  last := least(coalesce(last, oldest + most - 1), newest - 1);
  IF last >= oldest THEN
    INSERT INTO audit_anchor (position, hash, entry_at, made_at)
    SELECT position, hash, entry_at, now() FROM audit_seal WHERE position = last;
    DELETE FROM audit_entry e USING audit_seal s WHERE s.entry_id = e.id AND s.position <= last;
    DELETE FROM audit_seal WHERE position <= last;
    RETURN last - oldest + 1;
  END IF;
  RETURN 0;
END $$
""",
    'REVOKE EXECUTE ON FUNCTION cut_audit FROM PUBLIC',
]
FORMER = """
CREATE OR REPLACE FUNCTION refuse_rewriting_audit() RETURNS trigger LANGUAGE plpgsql AS $$
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


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table('audit_anchor',
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('entry_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_audit_anchor'))
    )
    schema = op.get_bind().scalar(sa.text('SELECT current_schema()'))
    for each in FUNCTIONS:
        op.execute(each.replace('{schema}', schema.replace('"', '""')))
    op.execute('CREATE TRIGGER audit_anchor_checked BEFORE INSERT ON audit_anchor '
               'FOR EACH ROW EXECUTE FUNCTION check_audit_anchor()')
    op.execute('CREATE TRIGGER audit_anchor_append_only BEFORE UPDATE OR DELETE ON audit_anchor '
               'FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_audit()')
    op.execute('CREATE TRIGGER audit_anchor_never_truncated BEFORE TRUNCATE ON audit_anchor '
               'FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_audit()')


def downgrade() -> None:
    op.execute('DROP FUNCTION cut_audit')
    op.drop_table('audit_anchor')
    op.execute('DROP FUNCTION check_audit_anchor')
    op.execute(FORMER)
