"""access: rules of subscriptions, runs of jobs, notifications of all kinds."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

KINDS = (
    'API_KEY_EXPIRES', 'API_KEY_BLOCKED', 'API_KEY_UNBLOCKED', 'API_KEY_REVOKED', 'API_KEY_LEAKED', 'API_KEY_DRIFTED',
    'SUBSCRIPTION_APPROVED', 'SUBSCRIPTION_DENIED', 'SUBSCRIPTION_SUSPENDED', 'SUBSCRIPTION_RESUMED', 'SUBSCRIPTION_CHANGED',
    'SUBSCRIPTION_CANCELLED', 'SUBSCRIPTION_EXPIRED', 'QUOTA_CHANGE_APPROVED', 'QUOTA_CHANGE_DENIED', 'QUOTA_EXHAUSTED',
    'MODEL_DEPRECATED', 'MODEL_RETIRED',
)


def upgrade() -> None:
    # A migration that has to wait for a lock makes everybody behind it wait: better to fail, and try again.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table('job_run',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('every', sa.Float(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.Enum('DONE', 'WAITING', 'FAILED', name='job_outcome', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('count', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_job_run'))
    )
    op.create_table('subscription_rules',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('model_id', sa.Uuid(), nullable=True),
    sa.Column('max_budget', sa.Numeric(), nullable=True),
    sa.Column('max_requests', sa.BigInteger(), nullable=True),
    sa.Column('max_tokens', sa.BigInteger(), nullable=True),
    sa.Column('budget_duration', sa.String(), nullable=True),
    sa.Column('rpm_limit', sa.Integer(), nullable=True),
    sa.Column('tpm_limit', sa.Integer(), nullable=True),
    sa.Column('life_days', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['model_id'], ['model.id'], name=op.f('fk_subscription_rules_model_id_model')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription_rules')),
    sa.UniqueConstraint('model_id', name=op.f('uq_subscription_rules_model_id'), postgresql_nulls_not_distinct=True)
    )
    op.add_column('api_key_generation', sa.Column('failing_since', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_subscription_change_at', 'subscription_change', ['at'], unique=False)
    op.create_index('ix_api_key_generation_drifted', 'api_key_generation', ['api_key_id'], unique=False, postgresql_where=sa.text('drift IS NOT NULL'))
    op.create_index('ix_model_subscription_exhausted_until', 'model_subscription', ['exhausted_until'], unique=False, postgresql_where=sa.text('exhausted_until IS NOT NULL'))

    op.drop_constraint('notification_kind', 'notification', type_='check')
    op.create_check_constraint('notification_kind', 'notification', sa.column('kind').in_(KINDS))
    op.add_column('notification', sa.Column('source', sa.String(), nullable=True))
    op.execute("UPDATE notification SET source = concat_ws(':', 'expiry', api_key_id, days, extract(epoch FROM expires_at))")
    op.alter_column('notification', 'source', nullable=False)
    op.create_unique_constraint(op.f('uq_notification_source'), 'notification', ['source'])
    op.drop_constraint(op.f('uq_notification_kind_api_key_id_days_expires_at'), 'notification', type_='unique')
    for column in ('api_key_id', 'days', 'expires_at'):
        op.alter_column('notification', column, nullable=True)
    for column, table in (('subscription_id', 'model_subscription'), ('model_id', 'model')):
        op.add_column('notification', sa.Column(column, sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f'fk_notification_{column}_{table}'), 'notification', table, [column], ['id'])
    for column in ('actor', 'reason'):
        op.add_column('notification', sa.Column(column, sa.String(), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM notification WHERE kind <> 'API_KEY_EXPIRES'")
    for column in ('reason', 'actor', 'model_id', 'subscription_id', 'source'):
        op.drop_column('notification', column)
    for column in ('api_key_id', 'days', 'expires_at'):
        op.alter_column('notification', column, nullable=False)
    op.create_unique_constraint(op.f('uq_notification_kind_api_key_id_days_expires_at'), 'notification', ['kind', 'api_key_id', 'days', 'expires_at'])
    op.drop_constraint('notification_kind', 'notification', type_='check')
    op.create_check_constraint('notification_kind', 'notification', sa.column('kind').in_(KINDS[:1]))
    op.drop_index('ix_model_subscription_exhausted_until', table_name='model_subscription')
    op.drop_index('ix_api_key_generation_drifted', table_name='api_key_generation')
    op.drop_index('ix_subscription_change_at', table_name='subscription_change')
    op.drop_column('api_key_generation', 'failing_since')
    op.drop_table('subscription_rules')
    op.drop_table('job_run')
