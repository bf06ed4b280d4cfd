"""Values of custom fields: every kind, what it keeps and what it refuses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DomainError, Invalid, Problems
from models import CustomField, FieldKind
from services.contacts import custom_values
from services.contacts.terms import Terms

OPTIONS = ["Ouro", "Prata"]


def terms(kind: FieldKind, *, is_required: bool = False) -> Terms:
    options = OPTIONS if "select" in kind.value else []
    field = CustomField(key="campo", label="Campo", kind=kind, options=options, is_required=is_required, position=1)
    return Terms(region="BR", fields={"campo": field})


def kept(kind: FieldKind, value: object) -> object:
    problems = Problems()
    found = custom_values.checked(terms(kind), {"campo": value}, problems)
    problems.raise_any()
    return found["campo"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (FieldKind.TEXT, " dois\r\nlinhas ", "dois\nlinhas"),
        (FieldKind.NUMBER, 7, 7),
        (FieldKind.NUMBER, -1.5, -1.5),
        (FieldKind.BOOLEAN, False, False),
        (FieldKind.DATE, "2026-02-28", "2026-02-28"),
        (FieldKind.DATETIME, "2026-11-23T14:30:00-03:00", "2026-11-23T17:30:00.000000+00:00"),
        (FieldKind.DATETIME, "2026-11-23T14:30:00.5Z", "2026-11-23T14:30:00.500000+00:00"),
        (FieldKind.SELECT, "Ouro", "Ouro"),
        (FieldKind.MULTI_SELECT, ["Prata", "Ouro", "Prata"], ["Prata", "Ouro"]),
        (FieldKind.MULTI_SELECT, [], []),
        (FieldKind.URL, "https://example.com/a?b=c", "https://example.com/a?b=c"),
        (FieldKind.EMAIL, "Ana@Example.com", "ana@example.com"),
        (FieldKind.PHONE, "(11) 98765-4321", "+5511987654321"),
    ],
)
def test_a_value_is_kept_in_one_form(kind: FieldKind, value: object, expected: object) -> None:
    assert kept(kind, value) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FieldKind.TEXT, 7), (FieldKind.TEXT, ""), (FieldKind.TEXT, "\x00"), (FieldKind.TEXT, "x" * 2001),
        (FieldKind.NUMBER, "7"), (FieldKind.NUMBER, True), (FieldKind.NUMBER, float("nan")),
        (FieldKind.NUMBER, float("inf")), (FieldKind.NUMBER, 10**16), (FieldKind.NUMBER, [1]),
        (FieldKind.BOOLEAN, 1), (FieldKind.BOOLEAN, "true"),
        (FieldKind.DATE, "2026-02-29"), (FieldKind.DATE, "20260228"), (FieldKind.DATE, "2026-2-28"),
        (FieldKind.DATE, 1),
        (FieldKind.DATETIME, "2026-11-23T14:30:00"), (FieldKind.DATETIME, "2026-11-23"),
        (FieldKind.DATETIME, "0001-01-01T00:00:00+14:00"), (FieldKind.DATETIME, None.__class__),
        (FieldKind.SELECT, "Bronze"), (FieldKind.SELECT, ["Ouro"]), (FieldKind.SELECT, ""),
        (FieldKind.MULTI_SELECT, "Ouro"), (FieldKind.MULTI_SELECT, ["Bronze"]), (FieldKind.MULTI_SELECT, [1]),
        (FieldKind.MULTI_SELECT, ["Ouro"] * 101),
        (FieldKind.URL, "javascript:alert(1)"), (FieldKind.EMAIL, "ana"), (FieldKind.PHONE, "190"),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_with_a_sentence(kind: FieldKind, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        kept(kind, value)

    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == ("CUSTOM_VALUE_INVALID", ("customFields", "campo"))
    assert problem.message.endswith((".", '".', "…"))


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(kind=st.sampled_from(FieldKind), value=json)
def test_anything_is_kept_or_refused_and_what_is_kept_is_kept_again(kind: FieldKind, value: Any) -> None:
    try:
        found = kept(kind, value)
    except DomainError:
        return

    assert found is None or kept(kind, found) == found


def test_unknown_keys_are_told_each() -> None:
    problems = Problems()

    custom_values.checked(terms(FieldKind.TEXT), {"outro": 1, "Campo": 2, "campo": "x"}, problems)

    with pytest.raises(Invalid) as refused:
        problems.raise_any()
    assert [each.field for each in refused.value.problems] == [("customFields", "outro"), ("customFields", "Campo")]


def test_a_required_field_cannot_be_taken_away_or_left_out() -> None:
    asked = terms(FieldKind.TEXT, is_required=True)
    problems = Problems()

    custom_values.checked(asked, {"campo": None}, problems)
    custom_values.require(asked, {}, problems)

    with pytest.raises(Invalid) as refused:
        problems.raise_any()
    assert [each.code for each in refused.value.problems] == ["REQUIRED", "REQUIRED"]


def test_null_takes_away_and_what_is_left_out_stays() -> None:
    assert custom_values.merged({"a": 1, "b": 2}, {"b": None, "c": False}) == {"a": 1, "c": False}
