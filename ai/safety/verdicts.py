"""What the filter says of a text: categories with their severity, the places, and what is to be done."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Category(StrEnum):
    """What is wrong with a text. The last two are of answers alone."""

    PROFANITY = "profanity"
    THREAT = "threat"
    SELF_HARM = "self_harm"
    SEXUAL = "sexual"
    SEXUAL_MINORS = "sexual_minors"
    HATE = "hate"
    VIOLENCE = "violence"
    DRUGS = "drugs"
    WEAPONS = "weapons"
    FRAUD = "fraud"
    CREDENTIAL_REQUEST = "credential_request"
    INJECTION = "injection"
    PROMPT_LEAK = "prompt_leak"
    FOREIGN_LINK = "foreign_link"


class Severity(IntEnum):
    """How bad it is."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Verdict(StrEnum):
    """What is to be done: let it pass, let it pass and show it to a person, or stop it."""

    ALLOW = "allow"
    FLAG = "flag"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place in the text as it was given; offsets in characters, the end exclusive. The words are not kept."""

    category: Category
    severity: Severity
    start: int
    end: int

    def moved(self, by: int) -> "Finding":
        """Return it with places of a text that has so many characters more before it."""
        return replace(self, start=self.start + by, end=self.end + by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What the filter says. It holds no word of the text, and may be logged."""

    verdict: Verdict
    categories: Mapping[Category, Severity]
    findings: tuple[Finding, ...]


Limits = Mapping[Category, Severity]

# a customer may swear, threaten or despair, and is answered; what nobody may help with is stopped. An instruction
# inside a message is a signal only: what keeps it from being followed is its place inside a data block.
OF_INPUT: Final[Limits] = MappingProxyType(
    {
        Category.SEXUAL_MINORS: Severity.LOW,
        Category.VIOLENCE: Severity.HIGH,
        Category.DRUGS: Severity.HIGH,
        Category.WEAPONS: Severity.HIGH,
        Category.FRAUD: Severity.HIGH,
    }
)
"""From which severity on a message is stopped; what is not named is flagged."""

OF_OUTPUT: Final[Limits] = MappingProxyType(
    {
        Category.PROFANITY: Severity.MEDIUM,
        Category.THREAT: Severity.MEDIUM,
        Category.SELF_HARM: Severity.HIGH,
        Category.SEXUAL: Severity.MEDIUM,
        Category.SEXUAL_MINORS: Severity.LOW,
        Category.HATE: Severity.MEDIUM,
        Category.VIOLENCE: Severity.MEDIUM,
        Category.DRUGS: Severity.HIGH,
        Category.WEAPONS: Severity.HIGH,
        Category.FRAUD: Severity.HIGH,
        Category.CREDENTIAL_REQUEST: Severity.MEDIUM,
        Category.PROMPT_LEAK: Severity.LOW,
        Category.FOREIGN_LINK: Severity.LOW,
    }
)
"""From which severity on an answer is stopped; what is not named is flagged."""


def is_stopped(found: Finding, limits: Limits) -> bool:
    """Tell whether this alone stops a text."""
    return found.category in limits and found.severity >= limits[found.category]


def assessed(findings: list[Finding], limits: Limits) -> Assessment:
    """Weigh what was found."""
    worst: dict[Category, Severity] = {}
    for each in findings:
        worst[each.category] = max(each.severity, worst.get(each.category, each.severity))
    verdict = (
        Verdict.BLOCK
        if any(is_stopped(each, limits) for each in findings)
        else Verdict.FLAG
        if worst
        else Verdict.ALLOW
    )
    ordered = sorted(findings, key=lambda each: (each.start, each.end, each.category))
    return Assessment(verdict=verdict, categories=MappingProxyType(worst), findings=tuple(ordered))
