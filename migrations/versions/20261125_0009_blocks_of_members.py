"""blocks of members: the sums of members stand in blocks of one, six, 24, 96 and 384 hours, in a table of another name.

They are made anew from the hourly sums, which outlive the calls. A gateway of the version before can't book while the table
that it knows is gone: what LiteLLM tells it then, it refuses, and it is booked from LiteLLM's spend log afterwards.
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

MEASURES = 'requests, failures, prompt_tokens, completion_tokens, total_tokens, spend, cached_tokens, cache_hits, unpriced'
SUMS = ', '.join(f'sum({name})' for name in MEASURES.split(', '))
OF_MEMBER = """CROSS JOIN LATERAL (VALUES ('all', ''), ('model', model_name), ('provider', coalesce(provider, 'unknown')),
  ('status', status), ('user', CAST(user_id AS text)), ('api_key', CAST(api_key_id AS text))) AS d (dimension, member)"""
# Each size from the one before: a row is read once.
FIRST = f"""INSERT INTO usage_member (dimension, member, hours, start, {MEASURES})
SELECT dimension, coalesce(member, ''), 1, hour, {SUMS} FROM usage_hourly {OF_MEMBER} GROUP BY 1, 2, 3, 4"""
NEXT = f"""INSERT INTO usage_member (dimension, member, hours, start, {MEASURES})
SELECT dimension, member, {{hours}}, date_bin('{{hours}} hours', start, '2000-01-01Z'), {SUMS}
FROM usage_member WHERE hours = {{before}} GROUP BY 1, 2, 3, 4"""
DAILY = f"""INSERT INTO usage_member_daily (dimension, member, days, day, {MEASURES})
SELECT dimension, coalesce(member, ''), days, date_bin(make_interval(days => days), day, '2000-01-01Z'), {SUMS}
FROM usage_daily CROSS JOIN (VALUES (1), (8)) AS b (days) {OF_MEMBER} GROUP BY 1, 2, 3, 4"""


def measures() -> list[sa.Column]:
    return [
        sa.Column(name, sa.Numeric() if name == 'spend' else sa.BigInteger(), nullable=False) for name in MEASURES.split(', ')
    ]


def create(name: str, size: str, start: str) -> None:
    op.create_table(name,
    *measures(),
    sa.Column('dimension', sa.String(), nullable=False),
    sa.Column('member', sa.String(), nullable=False),
    sa.Column(size, sa.Integer(), nullable=False),
    sa.Column(start, sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('dimension', 'member', size, start, name=op.f(f'pk_{name}')),
    )
    op.execute(f'ALTER TABLE {name} SET (fillfactor = 50)')


def lock_out_writers() -> None:
    """Until the sums are made. They come to the hourly ones before they come to those of members: whoever has these has both."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute('LOCK TABLE usage_hourly IN SHARE MODE')


def upgrade() -> None:
    lock_out_writers()
    op.drop_table('usage_member_daily')
    create('usage_member', 'hours', 'start')
    op.execute(FIRST)
    for before, hours in ((1, 6), (6, 24), (24, 96), (96, 384)):
        op.execute(NEXT.format(before=before, hours=hours))
    op.create_index('ix_usage_member_hours_start', 'usage_member', ['hours', 'start'], unique=False)


def downgrade() -> None:
    lock_out_writers()
    op.drop_table('usage_member')
    create('usage_member_daily', 'days', 'day')
    op.execute(DAILY)
    op.create_index('ix_usage_member_daily_days_day', 'usage_member_daily', ['days', 'day'], unique=False)
