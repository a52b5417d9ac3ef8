"""usage by time: the ledger in weekly partitions, and sums by quarter of an hour, day and member.

The calls that are there move into partitions, and every sum is made anew from them.
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

MEASURES = 'requests, failures, prompt_tokens, completion_tokens, total_tokens, spend, cached_tokens, cache_hits, unpriced'
MEMBERS = 'user_id, team_id, api_key_id, model_name, provider, status'
EVENT_INDEXES = {
    'ix_usage_event_seq': ['seq'],
    'ix_usage_event_occurred_at_seq': ['occurred_at', 'seq'],
    'ix_usage_event_user_id_occurred_at': ['user_id', 'occurred_at'],
    'ix_usage_event_model_name_occurred_at': ['model_name', 'occurred_at'],
    'ix_usage_event_api_key_id_seq': ['api_key_id', 'seq'],
    'ix_usage_event_token_hash_occurred_at': ['token_hash', 'occurred_at'],
}

# The running gateway need not own the tables: these two are all that it may do to them. Attaching stops no reader and no writer.
FUNCTIONS = [
    """
CREATE FUNCTION make_usage_week(day timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  week timestamptz := date_trunc('week', day, 'UTC');
  name text := 'usage_event_' || to_char(week AT TIME ZONE 'UTC', 'YYYYMMDD');
BEGIN
  EXECUTE format('CREATE TABLE %I (LIKE usage_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
  EXECUTE format('ALTER TABLE usage_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, week, week + interval '168 hours');
END $$
""",
    """
CREATE FUNCTION drop_usage_week(week timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  EXECUTE format('DROP TABLE %I', 'usage_event_' || to_char(week AT TIME ZONE 'UTC', 'YYYYMMDD'));
END $$
""",
    'REVOKE EXECUTE ON FUNCTION make_usage_week, drop_usage_week FROM PUBLIC',
]
PARTITIONS = """
SELECT make_usage_week(week) FROM (
  SELECT date_trunc('week', occurred_at, 'UTC') AS week FROM usage_event_before
  UNION SELECT date_trunc('week', now(), 'UTC') + make_interval(hours => 168 * n) FROM generate_series(0, 4) AS n
) AS w
"""

CARRY_OVER = """
INSERT INTO usage_event (call_id, success, seq, request_id, occurred_at, received_at, latency_ms, token_hash, api_key_id, user_id,
  model_name, call_type, status, error_code, stream, cache_hit, priced, prompt_tokens, cached_tokens, completion_tokens, total_tokens, spend)
SELECT call_id, success, seq, request_id, occurred_at, received_at, latency_ms, token_hash, api_key_id, user_id, model_name, call_type,
  CASE WHEN success THEN 'success' ELSE coalesce(error_code, 'failure') END, error_code, stream, false, true, prompt_tokens, 0,
  completion_tokens, total_tokens, spend
FROM usage_event_before
"""

CROSSED = f"""
CREATE TEMPORARY TABLE usage_crossed ON COMMIT DROP AS
SELECT date_bin('15 minutes', occurred_at, 'epoch') AS quarter, {MEMBERS}, count(*) AS requests,
  count(*) FILTER (WHERE NOT success) AS failures, sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens,
  sum(total_tokens) AS total_tokens, sum(spend) AS spend, sum(cached_tokens) AS cached_tokens,
  count(*) FILTER (WHERE cache_hit) AS cache_hits, count(*) FILTER (WHERE NOT priced) AS unpriced, max(occurred_at) AS last_at
FROM usage_event GROUP BY quarter, {MEMBERS}
"""
SUMS = ', '.join(f'sum({name})' for name in MEASURES.split(', '))
SUMMED = [
    f"""INSERT INTO usage_quarter (dimension, member, quarter, {MEASURES})
    SELECT dimension, coalesce(member, ''), quarter, {SUMS} FROM usage_crossed CROSS JOIN LATERAL
      (VALUES ('all', ''), ('model', model_name), ('provider', coalesce(provider, 'unknown')), ('status', status)) AS d (dimension, member) GROUP BY 1, 2, 3""",
    f"""INSERT INTO usage_hourly (hour, {MEMBERS}, {MEASURES}, last_at)
    SELECT date_trunc('hour', quarter, 'UTC'), {MEMBERS}, {SUMS}, max(last_at) FROM usage_crossed GROUP BY 1, {MEMBERS}""",
    f"""INSERT INTO usage_daily (day, {MEMBERS}, {MEASURES})
    SELECT date_trunc('day', quarter, 'UTC'), {MEMBERS}, {SUMS} FROM usage_crossed GROUP BY 1, {MEMBERS}""",
    f"""INSERT INTO usage_member_daily (dimension, member, days, day, {MEASURES})
    SELECT dimension, coalesce(member, ''), days, date_bin(make_interval(days => days), quarter, '2000-01-01Z'), {SUMS}
    FROM usage_crossed CROSS JOIN (VALUES (1), (8)) AS b (days) CROSS JOIN LATERAL
      (VALUES ('all', ''), ('model', model_name), ('provider', coalesce(provider, 'unknown')), ('status', status),
        ('user', CAST(user_id AS text)), ('api_key', CAST(api_key_id AS text))) AS d (dimension, member) GROUP BY 1, 2, 3, 4""",
]


def measures() -> list[sa.Column]:
    return [
        sa.Column(name, sa.Numeric() if name == 'spend' else sa.BigInteger(), nullable=False) for name in MEASURES.split(', ')
    ]


def members() -> list[sa.Column]:
    return [
        sa.Column('user_id', sa.Uuid(), nullable=True),
        sa.Column('team_id', sa.Uuid(), nullable=True),
        sa.Column('api_key_id', sa.Uuid(), nullable=True),
        sa.Column('model_name', sa.String(), nullable=False),
        sa.Column('provider', sa.String(), nullable=True),
        sa.Column('status', sa.String(), nullable=False),
    ]


def upgrade() -> None:
    # A migration that has to wait for a lock makes everybody behind it wait: better to fail, and try again.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute('ALTER TABLE usage_event RENAME TO usage_event_before')
    op.execute('ALTER TABLE usage_event_before RENAME CONSTRAINT pk_usage_event TO pk_usage_event_before')
    for name in ('api_key_id_seq', 'occurred_at', 'token_hash_occurred_at', 'user_id_occurred_at'):
        op.drop_index(f'ix_usage_event_{name}', table_name='usage_event_before')
    op.execute('ALTER TABLE usage_event_before ALTER seq DROP IDENTITY')
    op.execute('CREATE SEQUENCE usage_event_seq')
    op.create_table('usage_event',
    sa.Column('call_id', sa.String(), nullable=False),
    sa.Column('success', sa.Boolean(), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seq', sa.BigInteger(), server_default=sa.text("nextval('usage_event_seq')"), nullable=False),
    sa.Column('request_id', sa.String(), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('latency_ms', sa.Integer(), nullable=True),
    sa.Column('first_token_ms', sa.Integer(), nullable=True),
    sa.Column('token_hash', sa.String(64), nullable=True),
    *members(),
    sa.Column('call_type', sa.String(), nullable=False),
    sa.Column('error_code', sa.String(), nullable=True),
    sa.Column('stream', sa.Boolean(), nullable=False),
    sa.Column('cache_hit', sa.Boolean(), nullable=False),
    sa.Column('priced', sa.Boolean(), nullable=False),
    sa.Column('prompt_tokens', sa.BigInteger(), nullable=False),
    sa.Column('cached_tokens', sa.BigInteger(), nullable=False),
    sa.Column('completion_tokens', sa.BigInteger(), nullable=False),
    sa.Column('total_tokens', sa.BigInteger(), nullable=False),
    sa.Column('spend', sa.Numeric(), nullable=False),
    sa.PrimaryKeyConstraint('call_id', 'success', 'occurred_at', name=op.f('pk_usage_event')),
    postgresql_partition_by='RANGE (occurred_at)',
    )
    op.execute('ALTER SEQUENCE usage_event_seq OWNED BY usage_event.seq')
    for function in FUNCTIONS:
        op.execute(function)
    op.execute(PARTITIONS)
    op.execute(CARRY_OVER)
    for name, columns in EVENT_INDEXES.items():
        op.create_index(name, 'usage_event', columns, unique=False)
    op.execute("SELECT setval('usage_event_seq', coalesce((SELECT max(seq) FROM usage_event), 0) + 1, false)")
    op.drop_table('usage_event_before')

    op.drop_table('usage_hourly')
    op.create_table('usage_hourly',
    *measures(),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('hour', sa.DateTime(timezone=True), nullable=False),
    *members(),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_usage_hourly')),
    sa.UniqueConstraint('hour', *MEMBERS.split(', '), name='uq_usage_hourly_members', postgresql_nulls_not_distinct=True),
    )
    op.create_table('usage_daily',
    *measures(),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('day', sa.DateTime(timezone=True), nullable=False),
    *members(),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_usage_daily')),
    sa.UniqueConstraint('day', *MEMBERS.split(', '), name='uq_usage_daily_members', postgresql_nulls_not_distinct=True),
    )
    for name, time in (('quarter', 'quarter'), ('member_daily', 'day')):
        op.create_table(f'usage_{name}',
        *measures(),
        sa.Column('dimension', sa.String(), nullable=False),
        sa.Column('member', sa.String(), nullable=False),
        *([sa.Column('days', sa.Integer(), nullable=False)] if time == 'day' else []),
        sa.Column(time, sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('dimension', 'member', *(['days'] if time == 'day' else []), time, name=op.f(f'pk_usage_{name}')),
        )
    op.create_table('usage_speed',
    sa.Column('unit', sa.String(), nullable=False),
    sa.Column('dimension', sa.String(), nullable=False),
    sa.Column('member', sa.String(), nullable=False),
    sa.Column('start', sa.DateTime(timezone=True), nullable=False),
    sa.Column('bucket', sa.Integer(), nullable=False),
    sa.Column('latency', sa.BigInteger(), nullable=False),
    sa.Column('first_token', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('unit', 'dimension', 'member', 'start', 'bucket', name=op.f('pk_usage_speed')),
    )
    op.create_table('usage_progress',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('dropped_before', sa.DateTime(timezone=True), nullable=False),
    sa.Column('speeds_seq', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_usage_progress')),
    )
    op.execute("INSERT INTO usage_progress (id, dropped_before, speeds_seq) VALUES (1, '2000-01-01T00:00:00Z', 0)")
    # Sums of the present are written again and again: with room on their page that touches no index.
    for name in ('hourly', 'daily', 'quarter', 'member_daily', 'speed'):
        op.execute(f'ALTER TABLE usage_{name} SET (fillfactor = 50)')
    op.execute(CROSSED)
    for statement in SUMMED:
        op.execute(statement)
    op.execute('DROP TABLE usage_crossed')
    op.create_index('ix_usage_hourly_user_id_hour', 'usage_hourly', ['user_id', 'hour'], unique=False)
    op.create_index('ix_usage_hourly_api_key_id_hour', 'usage_hourly', ['api_key_id', 'hour'], unique=False)
    op.create_index('ix_usage_daily_user_id_day', 'usage_daily', ['user_id', 'day'], unique=False)
    op.create_index('ix_usage_daily_api_key_id_day', 'usage_daily', ['api_key_id', 'day'], unique=False)
    op.create_index('ix_usage_daily_model_name_day', 'usage_daily', ['model_name', 'day'], unique=False)
    op.create_index('ix_usage_member_daily_days_day', 'usage_member_daily', ['days', 'day'], unique=False)

    op.create_table('model_price',
    sa.Column('model_name', sa.String(), nullable=False),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('input_cost_per_million', sa.Numeric(), nullable=True),
    sa.Column('output_cost_per_million', sa.Numeric(), nullable=True),
    sa.PrimaryKeyConstraint('model_name', 'valid_from', name=op.f('pk_model_price')),
    )
    op.execute(
        'INSERT INTO model_price (model_name, valid_from, input_cost_per_million, output_cost_per_million)'
        ' SELECT name, updated_at, input_cost_per_million, output_cost_per_million FROM model'
    )


def downgrade() -> None:
    for table in ('model_price', 'usage_progress', 'usage_speed', 'usage_member_daily', 'usage_quarter', 'usage_daily', 'usage_hourly'):
        op.drop_table(table)
    op.execute('ALTER TABLE usage_event RENAME TO usage_event_after')
    for name in EVENT_INDEXES:
        op.drop_index(name, table_name='usage_event_after')
    op.execute('ALTER TABLE usage_event_after RENAME CONSTRAINT pk_usage_event TO pk_usage_event_after')
    op.create_table('usage_event',
    sa.Column('call_id', sa.String(), nullable=False),
    sa.Column('success', sa.Boolean(), nullable=False),
    sa.Column('seq', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('request_id', sa.String(), nullable=True),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('latency_ms', sa.Integer(), nullable=True),
    sa.Column('token_hash', sa.String(64), nullable=True),
    sa.Column('api_key_id', sa.Uuid(), nullable=True),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('model_name', sa.String(), nullable=False),
    sa.Column('call_type', sa.String(), nullable=False),
    sa.Column('error_code', sa.String(), nullable=True),
    sa.Column('stream', sa.Boolean(), nullable=False),
    sa.Column('prompt_tokens', sa.BigInteger(), nullable=False),
    sa.Column('completion_tokens', sa.BigInteger(), nullable=False),
    sa.Column('total_tokens', sa.BigInteger(), nullable=False),
    sa.Column('spend', sa.Numeric(), nullable=False),
    sa.PrimaryKeyConstraint('call_id', 'success', name=op.f('pk_usage_event'))
    )
    columns = (
        'call_id, success, request_id, occurred_at, received_at, latency_ms, token_hash, api_key_id, user_id, model_name, call_type,'
        ' error_code, stream, prompt_tokens, completion_tokens, total_tokens, spend'
    )
    op.execute(
        f'INSERT INTO usage_event ({columns}) SELECT {columns} FROM usage_event_after ORDER BY seq ON CONFLICT DO NOTHING'
    )
    op.drop_table('usage_event_after')
    op.execute('DROP FUNCTION make_usage_week, drop_usage_week')
    op.create_index('ix_usage_event_api_key_id_seq', 'usage_event', ['api_key_id', 'seq'], unique=False)
    op.create_index(op.f('ix_usage_event_occurred_at'), 'usage_event', ['occurred_at'], unique=False)
    op.create_index('ix_usage_event_token_hash_occurred_at', 'usage_event', ['token_hash', 'occurred_at'], unique=False)
    op.create_index('ix_usage_event_user_id_occurred_at', 'usage_event', ['user_id', 'occurred_at'], unique=False)
    op.create_table('usage_hourly',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('hour', sa.DateTime(timezone=True), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('api_key_id', sa.Uuid(), nullable=True),
    sa.Column('model_name', sa.String(), nullable=False),
    sa.Column('requests', sa.BigInteger(), nullable=False),
    sa.Column('failures', sa.BigInteger(), nullable=False),
    sa.Column('prompt_tokens', sa.BigInteger(), nullable=False),
    sa.Column('completion_tokens', sa.BigInteger(), nullable=False),
    sa.Column('total_tokens', sa.BigInteger(), nullable=False),
    sa.Column('spend', sa.Numeric(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_usage_hourly')),
    sa.UniqueConstraint('hour', 'user_id', 'api_key_id', 'model_name', name=op.f('uq_usage_hourly_hour_user_id_api_key_id_model_name'), postgresql_nulls_not_distinct=True)
    )
    op.execute(
        "INSERT INTO usage_hourly (hour, user_id, api_key_id, model_name, requests, failures, prompt_tokens, completion_tokens,"
        " total_tokens, spend, last_at) SELECT date_trunc('hour', occurred_at, 'UTC'), user_id, api_key_id, model_name, count(*),"
        " count(*) FILTER (WHERE NOT success), sum(prompt_tokens), sum(completion_tokens), sum(total_tokens), sum(spend),"
        " max(occurred_at) FROM usage_event GROUP BY 1, 2, 3, 4"
    )
    op.create_index('ix_usage_hourly_api_key_id_hour', 'usage_hourly', ['api_key_id', 'hour'], unique=False)
    op.create_index('ix_usage_hourly_user_id_hour', 'usage_hourly', ['user_id', 'hour'], unique=False)
