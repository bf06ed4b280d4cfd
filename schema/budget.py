"""Budgets: what each feature may use of the workspace's credits."""

import strawberry

from schema.enums import Feature
from schema.errors import MutationPayload


@strawberry.type(description="What a feature may use in a calendar month, in the workspace's time zone.")
class AiBudget:
    feature: Feature = strawberry.field(description="The feature.")
    monthly_credits: int | None = strawberry.field(
        description="How many credits it may use in a month; null for as many as there are."
    )
    used_this_month: int = strawberry.field(
        description="How many credits it used in this month, with those that are held back for it right now."
    )


@strawberry.input(description="What a feature may use.")
class AiBudgetSetInput:
    feature: Feature = strawberry.field(description="The feature.")
    monthly_credits: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="0 to 1,000,000,000 credits a month; null removes the budget. It must be given.",
    )


@strawberry.type(description="The answer to `aiBudgetSet`.")
class AiBudgetSetPayload(MutationPayload):
    ai_budget: AiBudget | None = strawberry.field(default=None, description="The budget, as set.")
