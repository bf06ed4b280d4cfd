"""Providers with fake servers behind them."""

from collections.abc import AsyncIterator

import httpx
import pytest

from ai.provider import Patience

QUICK = Patience(connect=1.0, first=0.5, between=0.4, close=0.5)


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """One client for all drivers."""
    async with httpx.AsyncClient() as opened:
        yield opened
