"""Days and times of day as customers write them: `12/03`, `dia 12`, `amanhã`, `sexta que vem`, `em 3 dias`, `às 15h30`.

Portuguese first, the plain forms of Spanish and English too. A day without a year is the next one that comes, or the
last one after a verb of the past (`comprei dia 5`); a weekday is never today, which has a name of its own. What is said
of a week or a month is its first day.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ai.local.numerals import worth_of

_SURE: Final = 0.95
_LIKELY: Final = 0.8
_VAGUE: Final = 0.6
_WEEK: Final = 7
_CENTURY: Final = 2_000
_NOON: Final = 12
_HALF_HOUR: Final = 30
_YEAR_FROM: Final = 1_000
_SATURDAY: Final = 5
_LEAPS: Final = 8
_BEFORE: Final = 40
_PAST: Final = re.compile(
    r"\b(?:compr(?:ei|amos|e)|pag(?:uei|amos|ue)|ped(?:i|imos)|fiz|fizemos|mand(?:ei|aram)|enviei|enviaram|chegou|recebi|foi|"
    r"veio|vieram|peguei|marquei|desde|era|bought|paid|ordered|received|arrived|since|was|llego|recibi|pedi|hice|fue)\b"
)

_NEAR: Final = {
    "depois de amanha": 2,
    "pasado manana": 2,
    "day after tomorrow": 2,
    "anteontem": -2,
    "antes de ontem": -2,
    "anteayer": -2,
    "amanha": 1,
    "tomorrow": 1,
    "manana": 1,
    "hoje": 0,
    "hj": 0,
    "today": 0,
    "hoy": 0,
    "ontem": -1,
    "yesterday": -1,
    "ayer": -1,
}
_WEEKDAYS: Final = (
    "segunda|lunes|monday",
    "terca|martes|tuesday",
    "quarta|miercoles|wednesday",
    "quinta|jueves|thursday",
    "sexta|viernes|friday",
    "sabado|saturday",
    "domingo|sunday",
)
_MONTHS: Final = (
    "janeiro|jan|enero|january",
    "fevereiro|fev|febrero|february|feb",
    "marco|mar|marzo|march",
    "abril|abr|april|apr",
    "maio|mai|mayo|may",
    "junho|jun|junio|june",
    "julho|jul|julio|july",
    "agosto|ago|august|aug",
    "setembro|set|septiembre|september|sept|sep",
    "outubro|out|octubre|october|oct",
    "novembro|nov|noviembre|november",
    "dezembro|dez|diciembre|december|dec",
)
_NUMBERS: Final = {
    word: count
    for count, words in enumerate(("um uma un una a one", "dois duas dos two", "tres three", "quatro cuatro four"), 1)
    for word in words.split()
}
_DAYS_IN: Final = {"dia": 1, "day": 1, "sem": _WEEK, "wee": _WEEK}
_MONTH: Final = "|".join(_MONTHS)
_COUNT: Final = r"\d{1,3}|" + "|".join(_NUMBERS)
_UNIT: Final = r"dias?|semanas?|days?|weeks?"
# what an ordinal counts is no weekday: `segunda via`, `quinta parcela`
_ORDINAL: Final = (
    r"(?! *(?:vias?|vez|parcelas?|opcao|mao|pessoa|unidade|compra|tentativa|etapa|parte|linha|peca|cor|foto|"
    r"mensagem|geracao|prestacao)\b)"
)
_YEAR: Final = r"(?:(?: de |,? )(?P<year>20\d\d)\b)?"
_WHICH: Final = "(?: que vem| proxim[ao]|(?P<last> passad[ao]))"
_NOT_MORNING: Final = r"(?<!\bla )(?<!\besta )(?<!\bde )"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A day or a time of day in a text, as offsets of what was read."""

    start: int
    end: int
    confidence: float
    day: date | None = None
    time: str | None = None


def find_days(low: str, today: date) -> Iterator[Moment]:
    """Find days in a text in lower case without accents; `today` is where the speaker is. No day is found twice."""
    taken: set[int] = set()
    for pattern, confidence, meaning in _PATTERNS:
        for match in pattern.finditer(low):
            if not taken.isdisjoint(range(*match.span())):
                continue
            day = meaning(match, today)
            if day is not None:
                taken.update(range(*match.span()))
                yield Moment(start=match.start(), end=match.end(), confidence=confidence, day=day)


def find_times(low: str) -> Iterator[Moment]:
    """Find times of day: `15h`, `15h30`, `15:30`, `3 pm`, `às 10 da manhã`, `a las 8`, `meio-dia`."""
    yield from _clock_times(low)
    for match in _SPOKEN.finditer(low):
        yield Moment(start=match.start(), end=match.end(), confidence=_LIKELY, time=_spoken(match))


def _clock_times(low: str) -> Iterator[Moment]:
    for match in _TIME.finditer(low):
        hour = int(match["hour"] or match["clock"] or match["half"])
        if match["noon"] == "p" and hour < 12:
            hour += 12
        minute = int(match["minute"] or match["past"] or 0)
        yield Moment(start=match.start(), end=match.end(), confidence=_LIKELY, time=f"{hour:02d}:{minute:02d}")


_TIME: Final = re.compile(
    r"(?<![\d:/.,])(?:(?P<hour>[01]?\d|2[0-3]) ?(?:h(?:s|rs|oras)?\b|h(?P<minute>[0-5]\d)(?:min)?\b)|"
    r"(?P<clock>[01]?\d|2[0-3]):(?P<past>[0-5]\d)(?!:?\d)|(?P<half>1[0-2]|0?[1-9]) ?(?P<noon>[ap])\.?m\b)"
)


_PART: Final = (
    r"(?: (?:da|de la|por la|in the) (?P<part>manha|manana|morning|tarde|afternoon|noite|noche|evening|madrugada)\b)"
)
_LATER: Final = frozenset(("tarde", "afternoon", "noite", "noche", "evening"))
_NIGHT: Final = frozenset(("noite", "noche"))
_HALF: Final = r"(?: (?:e|y) (?P<{0}>meia|media|[0-5]\d)\b)?"
_HOUR: Final = r"(?P<{0}>[01]?\d|2[0-3])(?![\d:/x%$]|[.,]\d| ?h)"
_HOUR_WORD: Final = (
    "(?P<worded>uma|duas|tres|quatro|cinco|seis|sete|oito|nove|dez|onze|doze|una|dos|cuatro|siete|ocho|nueve|diez|once"
    "|doce|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
)
# `às 10` ends there, or goes on with a day: `as 10 caixas` are no hour
_ENDS: Final = (
    r"(?= ?(?:$|[.,;:!?)\n]| (?:em ponto|en punto|sharp|hoje|hoy|today|amanha|manana|tomorrow|de (?:amanha|hoje)|pode"
    r"|por favor|please|ou|or|o|na?o?|da|do|d[eo] (?:dia|sabado|domingo|segunda|terca|quarta|quinta|sexta))\b))"
)
_COUNTED: Final = r"(?<!\bquero )(?<!\blevo )(?<!\btodas )(?<!\bessas )(?<!\bso )"
_SPOKEN: Final = re.compile(
    rf"(?<![\d:/.,$])\b(?:as |a las? |at )?(?:{_HOUR.format('told')}|{_HOUR_WORD}){_HALF.format('past')}{_PART}"
    rf"|{_COUNTED}\b(?:as|a las?|at) {_HOUR.format('alone')}{_HALF.format('beyond')}{_ENDS}"
    r"|\b(?P<noon>meio[ \-]dia|mediodia|noon)\b|\b(?P<midnight>meia[ \-]noite|medianoche|midnight)\b"
)


def _spoken(match: re.Match[str]) -> str:
    if match["noon"] or match["midnight"]:
        return "12:00" if match["noon"] else "00:00"
    written = match["told"] or match["alone"]
    hour = int(written) if written else worth_of(match["worded"])
    if match["part"] in _LATER and hour < _NOON:
        hour += _NOON
    elif match["part"] in _NIGHT and hour == _NOON:
        hour = 0
    past = match["past"] or match["beyond"] or "0"
    minute = int(past) if past.isdigit() else _HALF_HOUR
    return f"{hour:02d}:{minute:02d}"


def _written(match: re.Match[str], today: date) -> date | None:
    return _dated(match, int(match["month"]), match.groupdict().get("year"), today)


def _iso(match: re.Match[str], today: date) -> date | None:
    del today
    return _made(int(match["year"]), int(match["month"]), int(match["day"]))


def _named(match: re.Match[str], today: date) -> date | None:
    return _dated(match, _place(_MONTHS, match["month"]) + 1, match["year"], today)


def _of_month(match: re.Match[str], today: date) -> date | None:
    day = int(match["day"]) if match["day"] else 1
    is_past = _is_past(match)
    first = today.replace(day=1)
    for _ in range(3):
        found = _made(first.year, first.month, day)
        if found is not None and (found <= today if is_past else found >= today):
            return found
        first = (first - timedelta(days=1)).replace(day=1) if is_past else _next_month(first)
    return None


def _near(match: re.Match[str], today: date) -> date | None:
    return today + timedelta(days=_NEAR[match[0]])


def _weekday(match: re.Match[str], today: date) -> date | None:
    ahead = (_place(_WEEKDAYS, match["weekday"]) - today.weekday() - 1) % _WEEK + 1
    is_past = _is_past(match) or match["last"] is not None
    # today's own weekday is a week away, before or after
    return today + timedelta(days=ahead - (_WEEK if ahead < _WEEK else 2 * _WEEK) if is_past else ahead)


def _ahead(match: re.Match[str], today: date) -> date | None:
    return _shifted(match, today, 1)


def _ago(match: re.Match[str], today: date) -> date | None:
    return _shifted(match, today, -1)


def _next_week(match: re.Match[str], today: date) -> date | None:
    del match
    return today + timedelta(days=_WEEK - today.weekday())


def _following_month(match: re.Match[str], today: date) -> date | None:
    del match
    return _next_month(today.replace(day=1))


def _weekend(match: re.Match[str], today: date) -> date | None:
    del match
    return today + timedelta(days=(_SATURDAY - today.weekday()) % _WEEK)


def _dated(match: re.Match[str], month: int, year: str | None, today: date) -> date | None:
    day = int(match["day"])
    if year is not None:
        number = int(year)
        return _made(number if number >= _YEAR_FROM else _CENTURY + number, month, day)
    is_past = _is_past(match)
    # the 29th of February may be eight years away
    years = (_made(today.year + (-more if is_past else more), month, day) for more in range(_LEAPS + 1))
    days = (found for found in years if found is not None)
    return next((found for found in days if (found <= today if is_past else found >= today)), None)


def _is_past(match: re.Match[str]) -> bool:
    """Tell whether a verb of the past stands shortly before, in the same sentence."""
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    return _PAST.search(re.split(r"[.!?;\n]", before)[-1]) is not None


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _shifted(match: re.Match[str], today: date, sign: int) -> date:
    written = match["count"]
    count = int(written) if written.isdigit() else _NUMBERS[written]
    return today + timedelta(days=sign * count * _DAYS_IN[match["unit"][:3]])


def _place(groups: tuple[str, ...], word: str) -> int:
    return next(place for place, words in enumerate(groups) if word in words.split("|"))


_Meaning = Callable[[re.Match[str], date], date | None]
_PATTERNS: Final[tuple[tuple[re.Pattern[str], float, _Meaning], ...]] = tuple(
    (re.compile(pattern), confidence, meaning)
    for pattern, confidence, meaning in (
        (r"(?<![\d/.\-])(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?![\d\-])", _SURE, _iso),
        (
            r"(?<![\d/.\-,])(?P<day>\d{1,2})(?P<mark>[/.\-])(?P<month>\d{1,2})(?P=mark)(?P<year>\d{4}|\d\d)(?![\d/\-])",
            _SURE,
            _written,
        ),
        (r"(?<![\d/.\-,])(?P<day>\d{1,2})/(?P<month>\d{1,2})(?![\d/\-])", _LIKELY, _written),
        (
            rf"\b(?P<day>\d{{1,2}})(?:º|o|st|nd|rd|th)?(?: de | of | )(?P<month>{_MONTH})\b{_YEAR}",
            _SURE,
            _named,
        ),
        (
            rf"\b(?P<month>{_MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<year>20\d\d)\b)?",
            _SURE,
            _named,
        ),
        (
            r"\b(?:no )?(?:dia|el dia|on the) (?:(?P<day>\d{1,2})(?:o|st|nd|rd|th)?|primeiro)\b(?![/:,.]?\d)",
            _LIKELY,
            _of_month,
        ),
        (rf"\b(?:daqui a|em|dentro de|in|en|daqui) (?P<count>{_COUNT}) (?P<unit>{_UNIT})\b", _LIKELY, _ahead),
        (rf"\b(?:ha|faz|hace) (?P<count>{_COUNT}) (?P<unit>{_UNIT})\b", _LIKELY, _ago),
        (rf"\b(?P<count>{_COUNT}) (?P<unit>{_UNIT}) (?:atras|ago)\b", _LIKELY, _ago),
        (r"\b(?:(?:proxima|next) (?:semana|week)|semana (?:que vem|proxima))\b", _VAGUE, _next_week),
        (r"\b(?:proximo mes|mes (?:que vem|proximo)|next month)\b", _VAGUE, _following_month),
        (r"\b(?:fim de semana|final de semana|fin de semana|weekend)\b", _VAGUE, _weekend),
        (rf"\b(?:{'|'.join(each for each in _NEAR if each != 'manana')})\b", _SURE, _near),
        (rf"{_NOT_MORNING}\bmanana\b", _LIKELY, _near),
        (
            rf"\b(?P<weekday>{'|'.join(_WEEKDAYS)})(?:[ \-]feira)?\b{_ORDINAL}{_WHICH}?",
            _LIKELY,
            _weekday,
        ),
    )
)
