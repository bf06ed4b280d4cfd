"""One declaration per edge: the words a GraphQL type is written in, and what is made from them. Knows no noun."""

from graph.context import Context
from graph.declare import (
    Entity,
    Node,
    Order,
    Parent,
    Root,
    Row,
    any_by_id,
    asc,
    by_id,
    column,
    computed,
    desc,
    document,
    last,
    many,
    one,
    page,
    resolved,
    through,
)
from graph.facts import Counted, Long, Texts
from graph.link import link
from graph.marks import DOES, NULL_WITHOUT
from graph.paging import Connection, Edge, PageInfo

__all__ = [
    "DOES",
    "NULL_WITHOUT",
    "Connection",
    "Context",
    "Counted",
    "Edge",
    "Entity",
    "Long",
    "Node",
    "Order",
    "PageInfo",
    "Parent",
    "Root",
    "Row",
    "Texts",
    "any_by_id",
    "asc",
    "by_id",
    "column",
    "computed",
    "desc",
    "document",
    "last",
    "link",
    "many",
    "one",
    "page",
    "resolved",
    "through",
]
