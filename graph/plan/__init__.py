"""The second reader of facts: an operation becomes one statement for each level, and the code that writes its JSON.

Compiling decides what can be decided without values. What is unusual at run time is given up, root field by root
field: the resolvers then answer it, so that errors have one meaning only.
"""

from graph.plan.inputs import coercion_of
from graph.plan.levels import View
from graph.plan.planner import Operation, Plan, Planner
from graph.plan.run import Run, Unplanned, given_up
from graph.plan.selection import STRAIGHT, origin_of
from graph.plan.sharing import Sharing
from graph.plan.verbs import Root, Verb, Verbs

__all__ = [
    "STRAIGHT",
    "Operation",
    "Plan",
    "Planner",
    "Root",
    "Run",
    "Sharing",
    "Unplanned",
    "Verb",
    "Verbs",
    "View",
    "coercion_of",
    "given_up",
    "origin_of",
]
