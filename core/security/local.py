"""Secrets of a machine that was given none: made in its data folder, once, so that sessions outlive a restart."""

import contextlib
import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from core.settings import Settings, SettingsInvalid

_FILE: Final = "secrets.json"
_BYTES: Final = 48
_NAMES: Final = ("jwt_secret", "jwt_refresh_secret")


def with_local_secrets(settings: Settings) -> Settings:
    """Fill in missing secrets from the data folder, making them there when there are none.

    Several processes may do so at once: all get the same ones.

    Raises:
        SettingsInvalid: the folder cannot be used, or what is kept there cannot be read.
    """
    missing = [name for name in _NAMES if getattr(settings.security, name) is None]
    if not missing:
        return settings
    file = settings.server.data_dir / _FILE
    try:
        if not file.exists():
            _make(file)
        kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        update = {name: SecretStr(kept[name]) for name in missing}
    except OSError as error:
        message = f"DATA_DIR: {settings.server.data_dir} cannot be used ({error.strerror}): set it to another folder"
        raise SettingsInvalid(message) from error
    except (ValueError, KeyError, TypeError) as error:
        message = (
            f"DATA_DIR: {file} is damaged: delete it (everybody signs in again), or set {', '.join(missing).upper()}"
        )
        raise SettingsInvalid(message) from error
    return settings.model_copy(update={"security": settings.security.model_copy(update=update)})


def _make(file: Path) -> None:
    """Write the file beside its place and link it there, whole: whoever comes second keeps what the first one made."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = {name: secrets.token_urlsafe(_BYTES) for name in _NAMES}
    handle, unfinished = tempfile.mkstemp(prefix=_FILE, dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(made, out)
            out.flush()
            os.fsync(out.fileno())
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(unfinished)
    finally:
        Path(unfinished).unlink()
