"""The last look at what leaves: it fails closed, and says kinds and counts, never values.

It looks once more with the recognisers, and for the numbers and addresses that the call has masked, in any spelling. So
a text that came around the mask (a tool's argument, a quoted document) is stopped too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ai.privacy.people import People
from ai.privacy.recognising import recognise
from ai.privacy.spans import Kind
from core.errors import DomainError


class PersonalDataLeft(DomainError):
    """Personal data would have been sent to a provider: nothing was sent."""

    code = "PERSONAL_DATA_LEFT"

    def __init__(self, counts: Mapping[Kind, int]) -> None:
        self.counts = dict(counts)
        found = ", ".join(f"{kind} {count}" for kind, count in sorted(self.counts.items()))
        super().__init__(f"Personal data would have been sent to a provider ({found}): nothing was sent.")


def look(texts: Iterable[str], people: Sequence[People]) -> None:
    """Look at texts whose own tokens are blanked out already.

    Raises:
        PersonalDataLeft: something is there.
    """
    counts = Counter(span.kind for text in texts for span in recognise(text, people, with_cues=False))
    if counts:
        raise PersonalDataLeft(counts)
