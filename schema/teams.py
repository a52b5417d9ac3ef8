"""Teams: named by the contract, not there yet."""

import strawberry

from schema.relay import Node


@strawberry.type(description="People who share models, budgets and keys.")
class Team(Node):
    name: str = strawberry.field(description="The team's name.")
