"""Planted faults of the compiler. Each is one line that somebody might write by mistake; the comparison finds it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest
from sqlalchemy import true

from core.database import Database, PoolLimits, walls
from core.database.engine import _opening
from core.database.rows import RowPool
from graph import pages, statements
from graph.plan import leaves, levels, listings, planner, sharing, windows
from graph.plan.objects import Objects
from graph.plan.planner import Operation
from graph.plan.selection import Selection

Patch = pytest.MonkeyPatch


def mask_ignored(patch: Patch, _: Database) -> None:
    admitted = Objects.admitted
    patch.setattr(Objects, "admitted", lambda self, guard: admitted(self, guard) or True)


def refusal_ignored(patch: Patch, _: Database) -> None:
    patch.setattr(
        Objects,
        "admitted",
        lambda self, guard: guard is None or guard.otherwise is None or self._actor.may(guard.permission),
    )


def moments_with_z(patch: Patch, _: Database) -> None:
    plain = leaves.Leaves._plain

    def written(self: Any, kind: Any, field: Any, *place: Any) -> str | None:
        found = plain(self, kind, field, *place)
        if found is None or not str(field.type).startswith("DateTime"):
            return found
        return f"{self._code.refer(lambda moment: moment and moment.isoformat().replace('+00:00', 'Z'))}({found})"

    patch.setattr(leaves.Leaves, "_plain", written)


def only_first_of_merged_nodes(patch: Patch, _: Database) -> None:
    below = Selection.below
    patch.setattr(Selection, "below", lambda self, kind, group: below(self, kind, group[:1]))


def enums_as_stored(patch: Patch, _: Database) -> None:
    patch.setattr(leaves, "_spelled", lambda kind, _: {None: None, **{each: each for each in kind.enums}})


def arguments_read_at_compile(patch: Patch, _: Database) -> None:
    arguments = Selection.arguments

    def frozen(self: Selection, field: Any, group: Any) -> Any:
        constant = arguments(self, field, group)(self.variables)
        return lambda _: constant

    patch.setattr(Selection, "arguments", frozen)


def directives_not_in_the_key(patch: Patch, _: Database) -> None:
    patch.setattr(planner, "switches_of", lambda *_: ())


def rights_not_in_the_key(patch: Patch, _: Database) -> None:
    plan = Operation.plan
    patch.setattr(Operation, "plan", lambda self, variables, actor, _: plan(self, variables, actor, None))


def walls_down(patch: Patch, database: Database) -> None:
    """No predicate at any level, and a role that row-level security does not hold."""
    limits = PoolLimits()
    opening = replace(_opening(database.url, walls.SYSTEM_ROLE, limits), is_walled=True)
    patch.setattr(database, "_plans", RowPool(opening, size=2, wait=limits.wait, raw=True))
    patch.setattr(statements, "wall", lambda _: true())


def page_one_longer(patch: Patch, _: Database) -> None:
    page = listings._page

    def longer(listing: Any, rows: Any, takes: Any) -> Any:
        window = replace(listing.window, size=listing.window.size + 1)
        return page(replace(listing, window=window), rows, takes)

    patch.setattr(listings, "_page", longer)


def last_page_not_turned(patch: Patch, _: Database) -> None:
    page = listings._page

    def unturned(listing: Any, rows: Any, takes: Any) -> Any:
        shown = page(listing, rows, takes)
        if listing.window.backward:
            shown.rows.reverse()
        return shown

    patch.setattr(listings, "_page", unturned)


def order_reversed(patch: Patch, _: Database) -> None:
    ordering = statements.ordering

    def reversed_(entity: Any, order: Any, *, backward: bool = False) -> Any:
        return ordering(entity, order, backward=not backward)

    patch.setattr(statements, "ordering", reversed_)


def ties_left_open(patch: Patch, _: Database) -> None:
    ordering = statements.ordering

    def loose(entity: Any, order: Any, *, backward: bool = False) -> Any:
        last = replace(order[-1], descending=not order[-1].descending)
        return ordering(entity, [*order[:-1], last], backward=backward)

    patch.setattr(statements, "ordering", loose)


def what_hangs_on_rows_not_counted(patch: Patch, _: Database) -> None:
    show = levels.View.show

    async def light(*given: Any) -> Any:
        made, _ = await show(*given)
        return made, None

    patch.setattr(levels.View, "show", light)


def loads_shared_by_workspaces(patch: Patch, _: Database) -> None:
    patch.setattr(sharing, "kind_of", lambda unit, run: (unit, *map(run.variables.coerced.get, unit.variables)))


def loads_shared_whatever_the_variables(patch: Patch, _: Database) -> None:
    patch.setattr(sharing, "kind_of", lambda unit, run: (unit, run.tenant))


def windows_mixed_up(patch: Patch, _: Database) -> None:
    moved = windows.Windows.find

    async def turned(self: Any, run: Any, keys: list[Any]) -> Any:
        found = await moved(self, run, keys)
        return found._replace(values=dict(zip(reversed(keys), found.values.values(), strict=True)))

    patch.setattr(windows.Windows, "find", turned)


def names_in_another_order(patch: Patch, _: Database) -> None:
    below = Selection.below
    patch.setattr(Selection, "below", lambda self, kind, group: dict(sorted(below(self, kind, group).items())))


def statement_of_a_filter_kept(patch: Patch, _: Database) -> None:
    read = pages.read_listing

    async def whole(*given: Any) -> Any:
        return replace(await read(*given), is_whole=True)

    patch.setattr(pages, "read_listing", whole)


def count_without_filter(patch: Patch, _: Database) -> None:
    count = pages.count
    patch.setattr(
        pages, "count", lambda listing, key, context: count(replace(listing, where=(), scope=()), key, context)
    )


def cursors_of_no_list(patch: Patch, _: Database) -> None:
    write = listings.write_cursor
    patch.setattr(listings, "write_cursor", lambda position, order, _: write(position, order, None))


def first_page_has_no_next(patch: Patch, _: Database) -> None:
    patch.setattr("graph.plan.objects.listings.has_next", lambda shown: bool(shown.asked[listings.lies_after]))


def limit_not_read(patch: Patch, _: Database) -> None:
    patch.setattr(levels, "check_limit", lambda limit, _: limit.default)


MUTANTS: Final[Mapping[str, Callable[[Patch, Database], None]]] = {
    each.__name__: each
    for each in (
        mask_ignored, refusal_ignored, moments_with_z, only_first_of_merged_nodes, enums_as_stored,
        arguments_read_at_compile, directives_not_in_the_key, rights_not_in_the_key, walls_down, page_one_longer,
        last_page_not_turned, order_reversed, ties_left_open, what_hangs_on_rows_not_counted,
        loads_shared_by_workspaces, loads_shared_whatever_the_variables, windows_mixed_up, names_in_another_order,
        statement_of_a_filter_kept, count_without_filter, cursors_of_no_list, first_page_has_no_next, limit_not_read,
    )
}  # fmt: skip
