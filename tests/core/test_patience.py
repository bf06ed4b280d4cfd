"""Many things that each have the same time, and the one timer that watches over them."""

import asyncio

from core.database.patience import Patience


async def test_what_does_not_end_in_time_is_told_of_once_and_what_ends_is_not() -> None:
    late: list[str] = []
    patience = Patience[str](0.05, late.append)

    patience.begin("slow")
    patience.begin("quick")
    patience.end("quick")
    await asyncio.sleep(0.15)

    assert late == ["slow"]
    assert patience.next() is None


async def test_each_has_its_own_time_however_late_it_begins() -> None:
    late: dict[str, float] = {}
    loop = asyncio.get_running_loop()
    began: dict[str, float] = {}
    patience = Patience[str](0.1, lambda each: late.update({each: loop.time()}))

    for each in ("one", "two", "three"):
        began[each] = loop.time()
        patience.begin(each)
        await asyncio.sleep(0.04)
    await asyncio.sleep(0.2)

    assert list(late) == ["one", "two", "three"]
    assert all(late[each] - began[each] >= 0.098 for each in late)


async def test_what_began_first_is_next_and_after_a_stop_nothing_is_told_of() -> None:
    late: list[str] = []
    patience = Patience[str](0.05, late.append)
    for each in ("one", "two", "three"):
        patience.begin(each)

    first = patience.next()
    patience.stop()
    await asyncio.sleep(0.15)

    assert first == "one"
    assert late == []
