"""The schema, put together: one line a topic."""

from typing import Final

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import create_type
from strawberry.types.field import StrawberryField

from graph import link
from resolvers import (
    accounts,
    analysis,
    audit,
    budgets,
    composing,
    contacts,
    copilot,
    crediting,
    custom_fields,
    events,
    knowledge,
    labels,
    leads,
    members,
    nodes,
    notifications,
    personas,
    presence,
    prompt_templates,
    provider_keys,
    routing,
    settings,
    suggestions,
    traces,
    uploads,
    usage,
    workspaces,
)
from schema.scalars import SCALARS

TOPICS: Final = (
    accounts,
    workspaces,
    members,
    settings,
    contacts,
    labels,
    custom_fields,
    audit,
    events,
    knowledge,
    notifications,
    presence,
    copilot,
    suggestions,
    provider_keys,
    personas,
    prompt_templates,
    budgets,
    uploads,
)


class Query(
    accounts.AccountQueries,
    workspaces.WorkspaceQueries,
    members.MemberQueries,
    settings.SettingsQueries,
    contacts.ContactQueries,
    labels.LabelQueries,
    custom_fields.CustomFieldQueries,
    audit.AuditQueries,
    analysis.AnalysisQueries,
    composing.ComposingQueries,
    routing.RoutingQueries,
    crediting.CreditQueries,
    usage.UsageQueries,
    traces.TraceQueries,
    suggestions.SuggestionQueries,
    provider_keys.ProviderKeyQueries,
    personas.PersonaQueries,
    prompt_templates.PromptTemplateQueries,
    budgets.BudgetQueries,
    knowledge.KnowledgeQueries,
    leads.LeadQueries,
    nodes.NodeQueries,
):
    """What can be read. Everything is of the workspace that the access token names."""


def _gathered(name: str) -> list[StrawberryField]:
    return [field for topic in TOPICS for field in getattr(topic, name, ())]


def build() -> strawberry.Schema:
    """Put the schema together."""
    link()
    return strawberry.Schema(
        query=Query,
        mutation=create_type("Mutation", _gathered("MUTATIONS"), description="What can be changed."),
        subscription=create_type(
            "Subscription", _gathered("SUBSCRIPTIONS"), description="What can be followed as it happens."
        ),
        config=StrawberryConfig(scalar_map=SCALARS),
    )
