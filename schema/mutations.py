"""Every change that can be asked for."""

import strawberry

from schema.account import AccountMutations
from schema.approval_mutations import ApprovalMutations
from schema.drift_mutations import DriftMutations
from schema.key_mutations import KeyMutations
from schema.ledger import LedgerMutations
from schema.notifications import NotificationMutations
from schema.people_mutations import PeopleMutations
from schema.policy_mutations import PolicyMutations
from schema.privacy import PrivacyMutations
from schema.rotation_mutations import RotationMutations
from schema.subscription_mutations import SubscriptionMutations


@strawberry.type(description="Changes. Each is done wholly or not at all.")
class Mutation(
    SubscriptionMutations,
    ApprovalMutations,
    KeyMutations,
    RotationMutations,
    DriftMutations,
    LedgerMutations,
    PolicyMutations,
    NotificationMutations,
    AccountMutations,
    PeopleMutations,
    PrivacyMutations,
):
    pass
