"""How well the suggestions of each model are taken in a workspace, remembered for a minute."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from core.ground import Ground
from services import learning

_WORKSPACES: Final = 1_000
_KEPT: Final = 60.0


class Learned:
    """What was learned, by workspace; the ones that were asked for longest ago are forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, tuple[float, Mapping[str, float]]] = OrderedDict()

    async def qualities(self, ground: Ground, workspace_id: UUID) -> Mapping[str, float]:
        """Return a quality, 0 to 100, for each model of which enough is known, by its key."""
        until, known = self._known.get(workspace_id, (0.0, {}))
        if until > time.monotonic():
            return known
        async with ground.database.read(workspace_id) as session:
            found = await learning.routing_quality(session, workspace_id)
        self._known[workspace_id] = time.monotonic() + _KEPT, found
        self._known.move_to_end(workspace_id)
        while len(self._known) > _WORKSPACES:
            self._known.popitem(last=False)
        return found
