"""Providers with fake servers behind them."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from ai.provider import Patience
from tests.fakes.providers.server import Behaviour, Mood

QUICK = Patience(connect=1.0, first=0.5, between=0.4, close=0.5)
"""For tests of waiting: a busy machine may be this slow by itself, so all others have time."""
STALLING = replace(QUICK, first=Patience().first)
"""For servers that begin to answer, which may take a while, and then say nothing more."""


def patience_for(*behaviours: Behaviour) -> Patience:
    """Return how long to wait for servers that behave like this."""
    moods = {each.mood for each in behaviours}
    if Mood.HANGS in moods:
        return QUICK
    return STALLING if Mood.STALLS in moods else Patience()


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """One client for all drivers."""
    async with httpx.AsyncClient() as opened:
        yield opened
