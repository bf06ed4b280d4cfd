"""Anything, by its global id."""

from graph import Node, Root, any_by_id


class NodeQueries(Root):
    """The query that every client of Relay's kind expects."""

    node: Node | None = any_by_id()
    """Anything that the actor may read, by its global id; null when there is none in the workspace."""
