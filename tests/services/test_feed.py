"""The event feed: in order, once each, none lost, whatever Redis does and however slow a reader is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import func, insert, select, text, update

from core import clock
from core.database import Database
from core.ids import uuid7
from core.pubsub import Hints
from models import Event, EventType, WorkspaceCounter
from services import feed_cursor
from services.feed import Feed, FeedClosed, Pace, ResyncRequired, Subscription, TooManySubscribers
from tests.fixtures.redis_server import RedisServer, free_port
from tests.fixtures.scratch import fresh_workspace
from tests.fixtures.waiting import until


async def append(database: Database, workspace_id: UUID, count: int = 1, *, age: timedelta = timedelta()) -> None:
    """Log events the way a transaction does: numbered under the lock of the counter's row."""
    async with database.system() as session:
        last = await session.scalar(
            update(WorkspaceCounter)
            .where(WorkspaceCounter.workspace_id == workspace_id)
            .values(event_seq=WorkspaceCounter.event_seq + count)
            .returning(WorkspaceCounter.event_seq)
        )
        assert last is not None
        rows = [
            {
                "workspace_id": workspace_id,
                "seq": seq,
                "type": EventType.CONTACT_UPDATED,
                "subject_ids": [uuid7()],
                "payload": {"n": seq},
                "at": clock.now() - age,
            }
            for seq in range(last - count + 1, last + 1)
        ]
        await session.execute(insert(Event), rows)


@asynccontextmanager
async def serving(database: Database, hints: Hints | None = None, pace: Pace | None = None) -> AsyncIterator[Feed]:
    feed = Feed(database, hints or Hints(f"redis://127.0.0.1:{free_port()}/0"), pace=pace)
    await feed.start()
    try:
        yield feed
    finally:
        await feed.stop()


async def take(subscription: Subscription, count: int, seconds: float = 10.0) -> list[int]:
    async with asyncio.timeout(seconds):
        return [(await anext(subscription)).seq for _ in range(count)]


async def test_a_new_subscriber_hears_only_what_comes_after(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    await append(database, workspace_id, 3)
    async with serving(database) as feed, await feed.subscribe(workspace_id, None) as subscription:
        await append(database, workspace_id, 2)

        heard = await take(subscription, 2)

        assert heard == [4, 5]


async def test_a_returning_subscriber_hears_everything_after_its_cursor(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    await append(database, workspace_id, 700)
    async with serving(database) as feed, await feed.subscribe(workspace_id, 10) as subscription:
        await append(database, workspace_id, 5)

        heard = await take(subscription, 695)

        assert heard == list(range(11, 706))


async def test_a_notice_carries_what_the_log_holds(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    async with serving(database) as feed, await feed.subscribe(workspace_id, None) as subscription:
        await append(database, workspace_id)

        notice = await subscription.get(5)

        assert notice is not None
        assert notice.type is EventType.CONTACT_UPDATED
        assert notice.payload == {"n": 1}
        assert len(notice.subject_ids) == 1


async def test_a_hint_is_faster_than_the_poll(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    hints = Hints(f"redis://127.0.0.1:{free_port()}/0")
    async with (
        serving(database, hints, Pace(poll=30)) as feed,
        await feed.subscribe(workspace_id, None) as subscription,
    ):
        await append(database, workspace_id)
        hints.send(workspace_id)

        assert await take(subscription, 1, seconds=3) == [1]


async def test_without_any_hint_the_poll_finds_the_event_in_about_a_second(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    async with serving(database) as feed, await feed.subscribe(workspace_id, None) as subscription:
        await append(database, workspace_id)

        assert await take(subscription, 1, seconds=3) == [1]


async def test_subscribers_of_one_workspace_share_the_query(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    hints = Hints(f"redis://127.0.0.1:{free_port()}/0")
    async with serving(database, hints, Pace(poll=30)) as feed:
        subscriptions = [await feed.subscribe(workspace_id, None) for _ in range(20)]
        with counted(database) as statements:
            await append(database, workspace_id, 3)
            hints.send(workspace_id)
            heard = [await take(each, 3) for each in subscriptions]

        assert heard == [[1, 2, 3]] * 20
        assert sum("FROM events" in each for each in statements) == 1


async def test_workspaces_do_not_hear_each_other(database: Database) -> None:
    mine, other = await fresh_workspace(database), await fresh_workspace(database)
    async with serving(database) as feed, await feed.subscribe(mine, None) as subscription:
        await append(database, other, 5)
        await append(database, mine, 1)

        notice = await subscription.get(5)
        silence = await subscription.get(1.5)

        assert notice is not None
        assert notice.payload == {"n": 1}
        assert silence is None


async def test_a_slow_reader_catches_up_without_a_gap_and_others_do_not_wait(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    hints = Hints(f"redis://127.0.0.1:{free_port()}/0")
    async with (
        serving(database, hints) as feed,
        await feed.subscribe(workspace_id, None) as slow,
        await feed.subscribe(workspace_id, None) as quick,
    ):
        for _ in range(10):
            await append(database, workspace_id, 100)
            hints.send(workspace_id)
            await take(quick, 100)
        was_live = slow.is_live
        heard = await take(slow, 1000)
        await append(database, workspace_id, 10)
        hints.send(workspace_id)
        heard += await take(slow, 10)

        assert not was_live
        assert heard == list(range(1, 1011))
        assert slow.is_live


async def test_waiting_may_be_cancelled_without_losing_a_notice(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    heard: list[int] = []
    async with serving(database, pace=Pace(poll=0.01)) as feed, await feed.subscribe(workspace_id, 0) as subscription:
        writer = asyncio.create_task(append_slowly(database, workspace_id, 40))
        async with asyncio.timeout(20):
            while len(heard) < 40:
                if (notice := await subscription.get(0.003)) is not None:
                    heard.append(notice.seq)
        await writer

        assert heard == list(range(1, 41))


async def test_a_cursor_below_the_floor_asks_for_a_resync(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    await append(database, workspace_id, 5, age=timedelta(days=40))
    await append(database, workspace_id, 2)
    async with serving(database) as feed:
        removed = await feed.prune(clock.now() - timedelta(days=30))

        with pytest.raises(ResyncRequired) as caught:
            await feed.subscribe(workspace_id, 4)
        async with await feed.subscribe(workspace_id, 5) as subscription:
            heard = await take(subscription, 2)

        assert removed >= 5
        assert caught.value.newest == 7
        assert heard == [6, 7]


async def test_a_cursor_beyond_the_log_asks_for_a_resync(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    await append(database, workspace_id, 3)
    async with serving(database) as feed:
        with pytest.raises(ResyncRequired) as caught:
            await feed.subscribe(workspace_id, 4)

        assert caught.value.newest == 3


async def test_a_reader_whose_next_events_are_pruned_is_told_so_instead_of_skipping(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    await append(database, workspace_id, 300, age=timedelta(days=40))
    async with serving(database) as feed, await feed.subscribe(workspace_id, 0) as subscription:
        await take(subscription, 1)
        await append(database, workspace_id, 300)

        await feed.prune(clock.now() - timedelta(days=30))

        with pytest.raises(ResyncRequired):
            await take(subscription, 600)


async def test_pruning_leaves_the_floor_at_the_last_deleted_event(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    await append(database, workspace_id, 30, age=timedelta(days=40))
    await append(database, workspace_id, 10)
    async with serving(database) as feed:
        await feed.prune(clock.now() - timedelta(days=30))
        again = await feed.prune(clock.now() - timedelta(days=400))

    async with database.system() as session:
        left = await session.scalar(select(func.count()).where(Event.workspace_id == workspace_id))
        floor = await session.scalar(
            select(WorkspaceCounter.event_floor).where(WorkspaceCounter.workspace_id == workspace_id)
        )
    assert (left, floor, again) == (10, 30, 0)


async def test_stopping_ends_subscriptions_with_a_reason(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    async with serving(database) as feed:
        subscription = await feed.subscribe(workspace_id, None)
        waiting = asyncio.create_task(take(subscription, 1))
        await asyncio.sleep(0.05)
        await feed.stop()

        with pytest.raises(FeedClosed):
            await waiting
        with pytest.raises(FeedClosed):
            await feed.subscribe(workspace_id, None)


async def test_a_closed_subscription_leaves_nothing_behind(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    async with serving(database, pace=Pace(subscribers=1)) as feed:
        first = await feed.subscribe(workspace_id, None)
        with pytest.raises(TooManySubscribers):
            await feed.subscribe(workspace_id, None)

        first.close()
        first.close()
        second = await feed.subscribe(workspace_id, None)
        second.close()

        assert feed.subscribers == 0
        assert feed._rooms == {}


async def test_the_feed_survives_the_loss_of_its_database_connections(database: Database) -> None:
    workspace_id = await fresh_workspace(database)
    async with serving(database) as feed, await feed.subscribe(workspace_id, None) as subscription:
        await append(database, workspace_id)
        heard = await take(subscription, 1)
        await sever(database)
        await append(database, workspace_id)

        heard += await take(subscription, 1)

        assert heard == [1, 2]


async def test_redis_killed_for_three_seconds_under_a_steady_stream_loses_nothing(
    database: Database, tmp_path: Path
) -> None:
    workspaces = [await fresh_workspace(database) for _ in range(5)]
    redis = RedisServer(tmp_path)
    redis.start()
    here, there = Hints(redis.url), Hints(redis.url)
    heard: dict[int, list[int]] = {}
    total = 300
    try:
        await here.start()
        await there.start()
        await until(lambda: here.healthy and there.healthy)
        async with serving(database, here) as feed:
            opened = [await feed.subscribe(workspaces[n % 5], None) for n in range(100)]
            readers = [asyncio.create_task(collect(each, total, heard, n)) for n, each in enumerate(opened)]
            writers = [asyncio.create_task(stream(database, there, each, total)) for each in workspaces]
            await asyncio.sleep(2)
            redis.kill()
            await asyncio.sleep(3)
            redis.start()
            async with asyncio.timeout(60):
                await asyncio.gather(*writers, *readers)
            await until(lambda: here.healthy and there.healthy)
    finally:
        await here.stop()
        await there.stop()
        redis.kill()

    wrong = {n: each for n, each in heard.items() if each != list(range(1, total + 1))}
    assert len(heard) == 100
    assert wrong == {}


class TestCursor:
    def test_reads_back_what_it_wrote(self) -> None:
        workspace_id = uuid7()

        assert [feed_cursor.decode(workspace_id, feed_cursor.encode(workspace_id, n)) for n in (0, 1, 2**62)] == [
            0,
            1,
            2**62,
        ]

    def test_is_of_no_use_in_another_workspace(self) -> None:
        with pytest.raises(feed_cursor.BadCursor):
            feed_cursor.decode(uuid7(), feed_cursor.encode(uuid7(), 7))

    def test_refuses_every_change_of_a_character(self) -> None:
        workspace_id = uuid7()
        cursor = feed_cursor.encode(workspace_id, 123456)
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ \x00é"

        for place, old in enumerate(cursor):
            for new in letters.replace(old, ""):
                with pytest.raises(feed_cursor.BadCursor):
                    feed_cursor.decode(workspace_id, cursor[:place] + new + cursor[place + 1 :])

    @pytest.mark.parametrize(
        "text", ["", "A", "A" * 21, "A" * 22, "A" * 23, "=" * 22, "é" * 22, "\ud800" * 22, "0" * 9999]
    )
    def test_refuses_anything_else(self, text: str) -> None:
        with pytest.raises(feed_cursor.BadCursor):
            feed_cursor.decode(uuid7(), text)


async def append_slowly(database: Database, workspace_id: UUID, count: int) -> None:
    for _ in range(count):
        await append(database, workspace_id)


async def stream(database: Database, hints: Hints, workspace_id: UUID, total: int) -> None:
    for _ in range(total // 2):
        await append(database, workspace_id, 2)
        hints.send(workspace_id)
        await asyncio.sleep(0.04)


async def collect(subscription: Subscription, total: int, heard: dict[int, list[int]], number: int) -> None:
    """Gather until the last event, then a little more, so that a doubled one would show."""
    seqs = heard[number] = []
    while not seqs or seqs[-1] < total:
        seqs.append((await anext(subscription)).seq)
    while (extra := await subscription.get(0.5)) is not None:
        seqs.append(extra.seq)


async def sever(database: Database) -> None:
    async with database.system() as session:
        await session.execute(text("SET LOCAL ROLE NONE"))
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


class counted:  # noqa: N801  (reads as a word of the test)
    """Collects the statements that the database's engine runs inside the block."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine.sync_engine
        self._statements: list[str] = []

    def __enter__(self) -> list[str]:
        sql_event.listen(self._engine, "before_cursor_execute", self._note)
        return self._statements

    def __exit__(self, *_: object) -> None:
        sql_event.remove(self._engine, "before_cursor_execute", self._note)

    def _note(self, *arguments: object) -> None:
        self._statements.append(str(arguments[2]).replace("\n", " "))
