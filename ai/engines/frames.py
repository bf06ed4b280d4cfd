"""What is the product's own in a message to a model, and tells nothing of anybody: the lines around data, the names of
facts, and the request behind them. A customer may be called by one of these words.
"""

import re
from typing import Final

from ai.prompting import fixed_requests

_FRAME: Final = re.compile(
    r"^(?:<<<(?:data|end) [a-z][a-z0-9_]{0,39}>>>$|(?:name|company|position|sentiment|lead_score|labels): )",
    re.MULTILINE,
)


def unframed(text: str) -> str:
    """Return what others wrote of a message; data cannot hold what looks like a frame."""
    data, last, rest = text.rpartition("<<<end ")
    for request in fixed_requests():
        rest = rest.replace(request, " ")
    return _FRAME.sub(" ", f"{data}{last}{rest}")
