"""What is found in a text: where, of which kind, and how surely; and one answer where findings overlap."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a piece of personal data is. `TEXT` is a text that only looks like one of our tokens."""

    CPF = "cpf"
    CNPJ = "cnpj"
    RG = "rg"
    CEP = "cep"
    PIX = "pix"
    PHONE = "phone"
    EMAIL = "email"
    CARD = "card"
    PASSPORT = "passport"
    IP = "ip"
    NAME = "name"
    COMPANY = "company"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A finding: offsets in characters, the end exclusive, and a confidence between 0 and 1.

    `key` says whose a name is, where that is known.
    """

    start: int
    end: int
    kind: Kind
    confidence: float
    key: str = ""


def settled(spans: Iterable[Span]) -> list[Span]:
    """Return findings in the order of the text, without overlaps.

    Findings that overlap become one: it covers them all, so that no part of any is left, and has the kind of the
    surest, then the longest, then the first.
    """
    result: list[Span] = []
    cluster: list[Span] = []
    end = 0
    for span in sorted(spans, key=lambda each: (each.start, -each.end, each.kind)):
        if cluster and span.start >= end:
            result.append(_joined(cluster))
            cluster = []
        end = max(end, span.end) if cluster else span.end
        cluster.append(span)
    return [*result, _joined(cluster)] if cluster else result


def _joined(cluster: list[Span]) -> Span:
    if len(cluster) == 1:
        return cluster[0]
    best = min(cluster, key=lambda each: (-each.confidence, each.start - each.end, each.start, each.kind))
    start, end = min(each.start for each in cluster), max(each.end for each in cluster)
    return Span(start=start, end=end, kind=best.kind, confidence=best.confidence, key=best.key)
