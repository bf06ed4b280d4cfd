"""What fields with a resolver tell the compiler, in their metadata."""

from typing import Final

DOES: Final = "does"
"""What a root field of a mutation does: called with its `Call`'s context, that call, and its arguments by name."""

NULL_WITHOUT: Final = "null without"
"""The attribute of a payload without which the field is null, so that its resolver has nothing to look for."""
