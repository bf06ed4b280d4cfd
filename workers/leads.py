"""Scores of contacts of whom something new is known."""

from core.ground import Ground
from services import leads
from services.leads import ScoreLeads
from workers.registry import handles


@handles(ScoreLeads)
async def score_leads(ground: Ground, job: ScoreLeads) -> None:
    """Work them out."""
    await leads.work(ground, job)
