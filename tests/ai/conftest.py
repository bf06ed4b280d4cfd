"""Providers with fake servers behind them."""

from collections.abc import AsyncIterator

import httpx
import pytest


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """One client for all drivers."""
    async with httpx.AsyncClient() as opened:
        yield opened
