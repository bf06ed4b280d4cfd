"""The vault: opaque and derived tokens, and sealed values."""

import pytest

from core.ids import uuid7
from core.security.vault import SealBroken, Vault

SECRET, OTHER = "a secret, thirty-two bytes or more", "another, thirty-two bytes or more"


def test_opaque_tokens_are_long_and_never_the_same() -> None:
    made = {Vault.opaque() for _ in range(1_000)}

    assert len(made) == 1_000
    assert min(map(len, made)) == 43


def test_a_derived_token_is_made_again_from_the_id_and_by_nobody_else() -> None:
    id = uuid7()  # noqa: A001
    token = Vault(SECRET).derive("invite", id)

    assert Vault(SECRET).derive("invite", id) == token
    assert token not in (
        Vault(OTHER).derive("invite", id),
        Vault(SECRET).derive("password_reset", id),
        Vault(SECRET).derive("invite", uuid7()),
    )
    assert len(token) == 43
    assert id.hex not in token


def test_a_sealed_value_is_opened_and_says_nothing() -> None:
    vault = Vault(SECRET)
    first, second = vault.seal(b"the value"), vault.seal(b"the value")

    assert vault.unseal(first) == vault.unseal(second) == b"the value"
    assert first != second
    assert b"the value" not in first


@pytest.mark.parametrize("place", [0, 11, 12, 20, -1])
def test_a_changed_byte_breaks_the_seal(place: int) -> None:
    sealed = bytearray(Vault(SECRET).seal(b"the value"))
    sealed[place] ^= 1

    with pytest.raises(SealBroken):
        Vault(SECRET).unseal(bytes(sealed))


def test_another_secret_does_not_open() -> None:
    with pytest.raises(SealBroken):
        Vault(OTHER).unseal(Vault(SECRET).seal(b"the value"))


@pytest.mark.parametrize("sealed", [b"", b"short", b"x" * 12, b"x" * 40])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        Vault(SECRET).unseal(sealed)


@pytest.mark.parametrize("token", ["", "\ud800", "👻", "x" * 10_000])
def test_any_text_has_a_digest(token: str) -> None:
    assert len(Vault.digest(token)) == 32
