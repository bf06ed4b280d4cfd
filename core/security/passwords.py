"""Passwords: hashed slowly, in threads of their own, and refused when they are easy to guess."""

import asyncio
import base64
import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import bcrypt
from zxcvbn import zxcvbn  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

from core.errors import Unavailable
from core.text import NO_CHARACTER

R = TypeVar("R")

SHORTEST: Final = 10
LONGEST: Final = 256
_WAITING: Final = 64
_TIMEOUT: Final = 20.0
_JUDGED: Final = 32
_GOOD_SCORE: Final = 2
_BRAZILIAN: Final = (
    "senha senhas mudar mudar123 acesso entrar bemvindo brasil flamengo corinthians palmeiras saopaulo santos vasco"
    " cruzeiro gremio internacional botafogo fluminense gabriel rafael lucas felipe mariana juliana fernanda amor"
    " teamo euteamo familia deus jesus jesuscristo deusefiel princesa gostosa cachorro futebol estrela felicidade"
    " whatsapp whatshybrid"
)


class PasswordsBusy(Unavailable):
    """Too many people sign in at this moment: try again in a few seconds."""


class Passwords:
    """Hashes and checks passwords with bcrypt over a SHA-384 of them, because bcrypt reads 72 bytes at most.

    `rounds` is the logarithm of the cost. Work happens in `threads`; a queue of it is bounded.
    """

    def __init__(self, *, rounds: int = 12, threads: int = 2) -> None:
        self._rounds = rounds
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._waiting = 0
        self._nobody = bcrypt.hashpw(_reduced("nobody has this password"), bcrypt.gensalt(rounds))

    async def hash(self, password: str) -> bytes:
        """Return what to keep of a password."""
        return await self._run(lambda: bcrypt.hashpw(_reduced(password), bcrypt.gensalt(self._rounds)))

    async def verify(self, password: str, stored: bytes | None) -> bool:
        """Tell whether a password is the one that was kept. Without one it takes as long, and is false."""
        against = self._nobody if stored is None else stored
        try:
            is_same = await self._run(lambda: bcrypt.checkpw(_reduced(password), against))
        except ValueError:  # what is kept is no hash: an account without a password
            is_same = await self._run(lambda: bcrypt.checkpw(_reduced(password), self._nobody))
            return False
        return is_same and stored is not None

    def needs_rehash(self, stored: bytes) -> bool:
        """Tell whether a kept hash was made at another cost than now."""
        return stored.split(b"$")[2:3] != [f"{self._rounds:02d}".encode()]

    async def weakness(self, password: str, about: Sequence[str] = ()) -> str | None:
        """Say what would make a password acceptable, or nothing when it is. `about` are words that people try first.

        The judgement, and its lists of common passwords, are zxcvbn's, which knows no Portuguese. It reads the first
        32 characters, because its time grows faster than their number: two seconds for 64 that are chosen to be slow.
        """
        if len(password) < SHORTEST:
            return f"Choose a password of {SHORTEST} characters or more."
        if len(password) > LONGEST:
            return f"Choose a password of up to {LONGEST} characters."
        if NO_CHARACTER in password:
            return "Choose a password of whole characters."
        words = [word[:_JUDGED] for each in about for word in (each, *each.replace("@", " ").split()) if word]
        judged = await self._run(lambda: zxcvbn(password[:_JUDGED], user_inputs=[*words, *_BRAZILIAN.split()]))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType, reportUnknownLambdaType]
        if judged["score"] >= _GOOD_SCORE:
            return None
        return "This password is easy to guess: choose several uncommon words, or longer random characters."

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], R]) -> R:
        if self._waiting >= _WAITING:
            raise PasswordsBusy
        self._waiting += 1
        try:
            async with asyncio.timeout(_TIMEOUT):
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except TimeoutError as error:
            raise PasswordsBusy from error
        finally:
            self._waiting -= 1


def _reduced(password: str) -> bytes:
    """Bring any password to 64 bytes without a zero. NFKC: the same keys give the same password on every system."""
    normal = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hashlib.sha384(normal).digest())
