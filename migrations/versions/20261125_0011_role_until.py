"""role until: roles that groups gave end, and a notice says so before.

Those that are there have no end yet; the job gives them one that is as far away as the setting allows.
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

KINDS = [
    'API_KEY_EXPIRES', 'API_KEY_BLOCKED', 'API_KEY_UNBLOCKED', 'API_KEY_REVOKED', 'API_KEY_LEAKED', 'API_KEY_DRIFTED',
    'SUBSCRIPTION_APPROVED', 'SUBSCRIPTION_DENIED', 'SUBSCRIPTION_SUSPENDED', 'SUBSCRIPTION_RESUMED', 'SUBSCRIPTION_CHANGED',
    'SUBSCRIPTION_CANCELLED', 'SUBSCRIPTION_EXPIRED', 'QUOTA_CHANGE_APPROVED', 'QUOTA_CHANGE_DENIED', 'QUOTA_EXHAUSTED',
    'MODEL_DEPRECATED', 'MODEL_RETIRED',
]


def allow(kinds: list[str]) -> None:
    op.drop_constraint('notification_kind', 'notification', type_='check')
    op.create_check_constraint('notification_kind', 'notification', sa.column('kind').in_(kinds))


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column('app_user', sa.Column('role_until', sa.DateTime(timezone=True), nullable=True))
    allow([*KINDS, 'ROLE_EXPIRES'])


def downgrade() -> None:
    op.execute("DELETE FROM notification WHERE kind = 'ROLE_EXPIRES'")
    allow(KINDS)
    op.drop_column('app_user', 'role_until')
