"""What is selected of a row or of a connection becomes a view: its values, and its edges to further levels."""

from collections.abc import Callable
from typing import Any, cast

import graphql
from graphql import GraphQLNonNull, GraphQLObjectType

from graph.context import Actor
from graph.facts import Column, Computed, Fact, Guard, Identity, Many, One, Page, rows_of
from graph.loaders import guard_of
from graph.plan import listings
from graph.plan.emit import Code
from graph.plan.leaves import Leaves
from graph.plan.levels import Level, ManyEdge, OneEdge, View
from graph.plan.listings import PageEdge, Pages, Parts, Show, Shown
from graph.plan.run import Unplanned
from graph.plan.selection import Field, Group, Selection, fact_of, field_of, name_of

# graphql-core's types of types leave open what wrappers hold
_core: Any = graphql


class Objects:
    """Compiles the selections of one root field."""

    def __init__(self, selection: Selection, actor: Actor) -> None:
        self.selection = selection
        self._actor = actor
        self._code = Code()
        self._leaves = Leaves(selection, self._code)

    def admitted(self, guard: Guard | None) -> bool:
        """Tell whether the actor reads a field as it is; with a mask, whoever may not is not refused.

        Raises:
            Unplanned: the actor is refused.
        """
        if guard is None or self._actor.may(guard.permission):
            return True
        if guard.otherwise is None:
            message = f"it needs {guard.permission}"
            raise Unplanned(message)
        return False

    def view(self, kind: GraphQLObjectType, group: Group, level: Level) -> View:
        """Compile what is selected of a level's rows."""
        view = View(level, self._code)
        for key, same in self.selection.below(kind, group).items():
            name = name_of(same)
            if name == "__typename":
                view.parts.append((key, repr(kind.name)))
            else:
                field = field_of(kind, name)
                fact = fact_of(kind, field)
                view.parts.append((key, self._part(view, fact, field, same)))
                count = self._leaves.count(field.type, same) if isinstance(fact, Computed) else None
                if count is not None:
                    view.counts.append((key, count))
        return view

    def _part(self, view: View, fact: Fact, field: Field, group: Group) -> str:
        guard = guard_of(fact)
        mask = None if self.admitted(guard) else cast("Guard", guard).otherwise
        level = view.level
        match fact:
            case Identity(prefix=prefix):
                return f"'{prefix}_' + {level.value('id')}.hex{'()' if level.is_raw else ''}"
            case Column():
                return self._leaves.column(fact, field, level, mask)
            case Computed():
                return self._leaves.computed(fact, field, level, group, mask)
            case One():
                return self._one(view, fact, field, group)
            case Many():
                return self._many(view, fact, field, group)
            case Page():
                local = cast("str", fact.local)
                name = view.lead_to(PageEdge(self.pages(fact, field, group), level.take(local)))
                return f"{name}[{level.key(local)}]"
            case _:
                message = f"{field.name} stands at the root alone"
                raise Unplanned(message)

    def _one(self, view: View, fact: One, field: Field, group: Group) -> str:
        local, level = cast("str", fact.local), view.level
        named = level.named(fact)
        child = self.view(object_type(field), group, named.level)
        name = view.lead_to(OneEdge(named, level.take(local), child))
        is_needed = isinstance(field.type, GraphQLNonNull)
        return f"{name}[{level.key(local)}]" if is_needed else f"{name}.get({level.key(local)})"

    def _many(self, view: View, fact: Many, field: Field, group: Group) -> str:
        local, level = cast("str", fact.local), view.level
        child = self.view(object_type(field), group, Level(rows_of(fact), 1))
        read = self.selection.arguments(field, group)
        return f"{view.lead_to(ManyEdge(fact, level.take(local), child, read))}.get({level.key(local)}, none)"

    # Connections.

    def pages(self, fact: Page, field: Field, group: Group) -> Pages:
        """Compile what is selected of a connection."""
        level = Level(rows_of(fact), 1)
        pages = Pages(fact, level, self.selection.arguments(field, group))
        kind = object_type(field)
        for key, same in self.selection.below(kind, group).items():
            pages.parts.append((key, self._connection_part(pages, kind, same)))
        return pages

    def _connection_part(self, pages: Pages, kind: GraphQLObjectType, group: Group) -> Show:
        name = name_of(group)
        if name == "__typename":
            return _always(kind.name)
        inner = object_type(field_of(kind, name)) if name != "totalCount" else kind
        pages.has_rows = pages.has_rows or name != "totalCount"
        match name:
            case "nodes":
                number = self._nodes(pages, inner, group)
                return lambda shown: shown.nodes[number]
            case "edges":
                return self._edges(pages, inner, group)
            case "pageInfo":
                return _object(self._page_info(pages, inner, group))
            case _:
                pages.counts += 1
                pages.asks.append(listings.total_count)
                return lambda shown: shown.asked[listings.total_count]

    def _nodes(self, pages: Pages, kind: GraphQLObjectType, group: Group) -> int:
        pages.has_lists = True
        pages.views.append(self.view(kind, group, pages.level))
        return len(pages.views) - 1

    def _edges(self, pages: Pages, kind: GraphQLObjectType, group: Group) -> Show:
        """Show the items of a page; each of the parts is a list of its own beforehand."""
        pages.has_lists = True
        parts: list[tuple[str, Callable[[Shown], list[Any]]]] = []
        for key, same in self.selection.below(kind, group).items():
            name = name_of(same)
            if name == "cursor":
                pages.want_cursors()
                parts.append((key, lambda shown: shown.cursors))
            elif name == "node":
                number = self._nodes(pages, object_type(field_of(kind, name)), same)
                parts.append((key, lambda shown, number=number: shown.nodes[number]))
            else:
                parts.append((key, lambda shown: [kind.name] * len(shown.rows)))
        keys = [key for key, _ in parts]

        def show(shown: Shown) -> list[Any]:
            if not keys:
                return [{} for _ in shown.rows]
            lists = [part(shown) for _, part in parts]
            return [dict(zip(keys, each, strict=True)) for each in zip(*lists, strict=True)]

        return show

    def _page_info(self, pages: Pages, kind: GraphQLObjectType, group: Group) -> Parts:
        parts: list[tuple[str, Show]] = []
        for key, same in self.selection.below(kind, group).items():
            match name_of(same):
                case "hasNextPage":
                    pages.asks.append(listings.lies_after)
                    parts.append((key, listings.has_next))
                case "hasPreviousPage":
                    pages.asks.append(listings.lies_before)
                    parts.append((key, listings.has_previous))
                case "startCursor":
                    pages.want_cursors()
                    parts.append((key, listings.start_cursor))
                case "endCursor":
                    pages.want_cursors()
                    parts.append((key, listings.end_cursor))
                case _:
                    parts.append((key, _always(kind.name)))
        return parts


def object_type(field: Field) -> GraphQLObjectType:
    """Return the object type that a field shows, alone or in a list."""
    found: Any = _core.get_named_type(field.type)
    if not isinstance(found, GraphQLObjectType):
        message = f"{found} is abstract"
        raise Unplanned(message)
    return found


def _object(parts: Parts) -> Show:
    return lambda shown: {key: show(shown) for key, show in parts}


def _always(text: str) -> Show:
    return lambda _: text
