"""The instructions of the engines: texts with placeholders, a file a language, each with a version.

A file `prompts/<name>.<language>.md` begins with TOML between `+++` lines, where its `version` is counted up whenever
its words change; then come sections, each below a line `## name`. `{{word}}` is a placeholder. What customers, contacts
or documents say is never a value of one: it goes into data blocks (`ai.engines.material`).
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ai.results import Language

_HERE: Final = Path(__file__).with_name("prompts")
_FILE: Final = re.compile(r"\+\+\+\n(?P<head>.*?)\n\+\+\+\n(?P<body>.*)", re.DOTALL)
_SECTION: Final = re.compile(r"^## ([a-z_0-9]+)$", re.MULTILINE)
_SLOT: Final = re.compile(r"\{\{([a-z_]+)\}\}")
_ASKING: Final = ("request", "variant_")
_SCRAP: Final = 12


class PromptBroken(ValueError):
    """A prompt is not written, or not rendered, as it has to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The instructions of one engine in one language, by section."""

    name: str
    language: Language
    version: int
    sections: Mapping[str, str]

    @property
    def stamp(self) -> str:
        """Which words these are, for traces: `copilot.pt@1`."""
        return f"{self.name}.{self.language}@{self.version}"

    def placeholders(self, section: str) -> frozenset[str]:
        """Return what a section has to be given."""
        return _wanted(self._text(section))

    def render(self, section: str, **values: str) -> str:
        """Return a section with its placeholders filled; a value is not read for placeholders.

        Raises:
            PromptBroken: there is no such section, or the values are not exactly those that it names.
        """
        parts, wanted = _parted(self._text(section)), self.placeholders(section)
        if wanted != values.keys():
            differing = ", ".join(sorted(wanted ^ values.keys()))
            raise PromptBroken(f"{self.stamp}, section {section}: missing or unknown: {differing}.")
        return "".join(values[part] if place % 2 else part for place, part in enumerate(parts))

    def _text(self, section: str) -> str:
        try:
            return self.sections[section]
        except KeyError:
            raise PromptBroken(f"{self.stamp} has no section {section}.") from None


@cache
def _parted(text: str) -> tuple[str, ...]:
    """Return a section in parts: text and names of placeholders in turns, text first and last."""
    return tuple(_SLOT.split(text))


@cache
def _wanted(text: str) -> frozenset[str]:
    """Return the names of a section's placeholders."""
    return frozenset(_parted(text)[1::2])


@cache
def fixed_requests() -> tuple[str, ...]:
    """Return what is the same in every request, in all engines and languages: the longest first, and no scraps."""
    found: set[str] = set()
    for path in _HERE.glob("*.md"):
        name, language, _ = path.name.split(".")
        prompt = load(name, Language(language))
        asking = (text for title, text in prompt.sections.items() if title.startswith(_ASKING))
        found.update(part.strip() for text in asking for part in _parted(text)[::2])
    return tuple(sorted((each for each in found if len(each) >= _SCRAP), key=len, reverse=True))


@cache
def load(name: str, language: Language) -> Prompt:
    """Return a prompt; its file is read once a process.

    Raises:
        PromptBroken: the file is not there, or not in its form.
    """
    path = _HERE / f"{name}.{language}.md"
    try:
        match = _FILE.fullmatch(path.read_text("utf-8"))
    except FileNotFoundError:
        raise PromptBroken(f"There is no {path.name}.") from None
    if match is None:
        raise PromptBroken(f"{path.name} does not begin with its version between +++ lines.")
    version = tomllib.loads(match["head"]).get("version")
    if not isinstance(version, int) or version < 1:
        raise PromptBroken(f"{path.name} has no version.")
    before, *parts = _SECTION.split(match["body"])
    sections = {title: text.strip() for title, text in zip(parts[::2], parts[1::2], strict=True)}
    if before.strip() or not sections or len(sections) * 2 != len(parts):
        raise PromptBroken(f"{path.name} is not made of sections of different names.")
    return Prompt(name=name, language=language, version=version, sections=MappingProxyType(sections))
