"""Everything that is learned, loaded once a session, as it would be where threadpoolctl is installed."""

import sys
from types import ModuleType

import pytest

from ai.local.heads import warm_heads


class _Refusing:
    """What the encoder finds of threadpoolctl: to use it would be slow, so here it fails."""

    def limit(self, **_: object) -> None:
        raise AssertionError("the encoder bounds its threads by threadpoolctl")


@pytest.fixture(scope="session")
async def learned() -> None:
    """The encoder and the heads."""
    with pytest.MonkeyPatch.context() as patch:
        module = ModuleType("threadpoolctl")
        vars(module)["ThreadpoolController"] = _Refusing
        patch.setitem(sys.modules, "threadpoolctl", module)
        await warm_heads()
