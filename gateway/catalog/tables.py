"""Models, as LiteLLM last described them, and what LiteMaaS adds: who may ask for them and how long they will be there."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Column, Numeric, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from gateway.db import UtcDateTime, enum_column, utc_now


class ModelMode(StrEnum):
    CHAT = "CHAT"
    COMPLETION = "COMPLETION"
    EMBEDDING = "EMBEDDING"
    IMAGE = "IMAGE"
    AUDIO = "AUDIO"
    RERANK = "RERANK"
    OTHER = "OTHER"


class ModelCapability(StrEnum):
    VISION = "VISION"
    FUNCTION_CALLING = "FUNCTION_CALLING"
    REASONING = "REASONING"
    JSON_SCHEMA = "JSON_SCHEMA"
    STREAMING = "STREAMING"
    PROMPT_CACHING = "PROMPT_CACHING"
    WEB_SEARCH = "WEB_SEARCH"
    AUDIO_INPUT = "AUDIO_INPUT"
    AUDIO_OUTPUT = "AUDIO_OUTPUT"


class ModelAccess(StrEnum):
    OPEN = "OPEN"
    RESTRICTED = "RESTRICTED"
    HIDDEN = "HIDDEN"


class ModelLifecycle(StrEnum):
    AVAILABLE = "AVAILABLE"
    DEPRECATED = "DEPRECATED"
    RETIRED = "RETIRED"


class Model(SQLModel, table=True):
    """`name` is LiteLLM's `model_name`, what a caller writes into `model`. Prices are in US dollars per million tokens.

    `successor_id` is what an admin recommends instead of a deprecated model.
    """

    __tablename__ = "model"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    name: str = Field(unique=True)
    provider: str = Field(index=True)
    mode: ModelMode = Field(sa_column=enum_column(ModelMode, nullable=False))
    description: str | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    input_cost_per_million: Decimal | None = Field(default=None, sa_type=Numeric)
    output_cost_per_million: Decimal | None = Field(default=None, sa_type=Numeric)
    capabilities: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    access: ModelAccess = Field(default=ModelAccess.OPEN, sa_column=enum_column(ModelAccess, nullable=False))
    lifecycle: ModelLifecycle = Field(
        default=ModelLifecycle.AVAILABLE, sa_column=enum_column(ModelLifecycle, nullable=False)
    )
    successor_id: UUID | None = Field(default=None, foreign_key="model.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ModelPrice(SQLModel, table=True):
    """What a model cost from `valid_from` on, in US dollars per million tokens, until the next row of its name."""

    __tablename__ = "model_price"

    model_name: str = Field(primary_key=True)
    valid_from: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    input_cost_per_million: Decimal | None = Field(default=None, sa_type=Numeric)
    output_cost_per_million: Decimal | None = Field(default=None, sa_type=Numeric)
