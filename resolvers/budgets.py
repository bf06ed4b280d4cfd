"""Budgets of features."""

from core.text import Required
from core.unset import UnsetType
from graph import Root
from models import Permission
from resolvers.context import Context
from resolvers.fields import mutation, query
from resolvers.inputs import given
from schema.budget import AiBudget, AiBudgetSetInput, AiBudgetSetPayload
from services import budgets
from services.budgets import Budget
from services.transaction import Transaction


@query(Permission.WORKSPACE_READ)
async def ai_budgets(context: Context) -> list[AiBudget]:
    """What each feature may use in a month, and has used: one for every feature."""
    return [_shown(each) for each in await budgets.every(context.ground, context.actor)]


class BudgetQueries(Root):
    """Queries about budgets."""

    ai_budgets: list[AiBudget] = ai_budgets


@mutation(Permission.AI_MANAGE)
async def ai_budget_set(tx: Transaction, input: AiBudgetSetInput) -> AiBudgetSetPayload:
    """Set what a feature may use in a month, or let it use as much as there is."""
    monthly = given(input.monthly_credits)
    if isinstance(monthly, UnsetType):
        raise Required("Give a number of credits, or null for no budget.", field=("monthly_credits",))
    return AiBudgetSetPayload(ai_budget=_shown(await budgets.put(tx, input.feature, monthly)))


def _shown(budget: Budget) -> AiBudget:
    return AiBudget(feature=budget.feature, monthly_credits=budget.monthly, used_this_month=budget.used)


MUTATIONS = (ai_budget_set,)
