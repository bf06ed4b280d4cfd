"""The vector store: what is put in is found, in its workspace only, until it is forgotten."""

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest

from core.ground import Ground
from core.ids import uuid7
from core.vectors import DIMENSIONS, Point, Vectors, VectorsAway


def toward(*angles: float) -> list[list[float]]:
    """Make vectors of length one, so many radians apart from the first axis."""
    return [[math.cos(each), math.sin(each), *([0.0] * (DIMENSIONS - 2))] for each in angles]


def points(source: UUID, vectors: Sequence[Sequence[float]]) -> list[Point]:
    return [Point(id=uuid7(), source_id=source, vector=each, payload={"title": "x", "start": 0}) for each in vectors]


async def test_the_nearest_are_found_first_in_their_own_workspace_only(ground: Ground) -> None:
    here, elsewhere, source = uuid7(), uuid7(), uuid7()
    mine, theirs = points(source, toward(0.3, 0.1, 1.2)), points(source, toward(0.0))
    await ground.vectors.upsert(here, mine)
    await ground.vectors.upsert(elsewhere, theirs)

    found = await ground.vectors.search(here, toward(0.0)[0], 2)

    assert [each.id for each in found] == [mine[1].id, mine[0].id]
    assert found[0].score == pytest.approx(math.cos(0.1), abs=1e-5)


async def test_forgetting_a_source_leaves_what_is_to_stay_and_the_neighbours(ground: Ground) -> None:
    here, elsewhere, source, other = (uuid7() for _ in range(4))
    mine = points(source, toward(0.1, 0.2, 0.3))
    await ground.vectors.upsert(here, [*mine, *points(other, toward(0.4))])
    await ground.vectors.upsert(elsewhere, points(source, toward(0.1)))

    await ground.vectors.forget(here, source, but=[mine[1].id])
    left = await ground.vectors.search(here, toward(0.0)[0], 10)
    await ground.vectors.forget_all(here)

    assert len(left) == 2
    assert left[0].id == mine[1].id
    assert await ground.vectors.search(here, toward(0.0)[0], 10) == []
    assert len(await ground.vectors.search(elsewhere, toward(0.0)[0], 10)) == 1


async def test_putting_points_in_twice_is_as_once(ground: Ground) -> None:
    here = uuid7()
    mine = points(uuid7(), toward(0.1, 0.2))

    await ground.vectors.upsert(here, mine)
    await ground.vectors.upsert(here, mine)

    assert len(await ground.vectors.search(here, toward(0.0)[0], 10)) == 2


async def test_a_store_that_is_away_says_so() -> None:
    away = Vectors("http://127.0.0.1:9")

    with pytest.raises(VectorsAway):
        await away.search(uuid7(), toward(0.0)[0], 1)
    await away.close()


async def test_points_outlast_the_process_that_put_them_in(tmp_path: Path) -> None:
    here = uuid7()
    first = Vectors(tmp_path)
    await first.upsert(here, points(uuid7(), toward(0.1)))
    await first.close()

    second = Vectors(tmp_path)
    found = await second.search(here, toward(0.0)[0], 1)
    await second.close()

    assert len(found) == 1


async def test_a_store_whose_opening_nobody_waited_for_gives_its_folder_back(tmp_path: Path) -> None:
    vectors = Vectors(tmp_path / "vectors")
    asking = asyncio.create_task(vectors.ping())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)

    await vectors.close()

    again = Vectors(tmp_path / "vectors")
    await again.ping()
    await again.close()
