"""Errors that are reported to Sentry, when `SENTRY_DSN` names one and the extra `observability` is installed.

Every line that is logged as an error is a report, with its traceback and the request's id. Values of variables, bodies,
headers and addresses of callers are left out, and every text goes through the same net as the log. The only file that
imports sentry_sdk.
"""

import sys
from typing import TYPE_CHECKING, Any, Final, cast

from core.logging import Event, Processor, redacted
from core.settings import Settings, SettingsInvalid

if TYPE_CHECKING:
    from sentry_sdk.types import Event as Report
    from sentry_sdk.types import Hint

_ERRORS: Final = frozenset({"error", "exception", "critical"})
_DROPPED: Final = frozenset({"request", "user", "breadcrumbs", "server_name", "modules"})
_KEPT: Final = frozenset(
    {"event_id", "timestamp", "level", "platform", "release", "environment", "sdk", "type", "tags"}
)


def reporter(settings: Settings, release: str | None = None) -> Processor | None:
    """Return what reports a line of the log; None without an address.

    Raises:
        SettingsInvalid: there is an address, and nothing to report with; or it is none.
    """
    dsn = settings.observability.sentry_dsn
    if dsn is None:
        return None
    try:
        import sentry_sdk
        from sentry_sdk.integrations.atexit import AtexitIntegration
    except ImportError:
        message = "SENTRY_DSN: install the extra `observability`, or leave it empty"
        raise SettingsInvalid(message) from None
    try:
        sentry_sdk.init(
            dsn=dsn.get_secret_value(),
            environment=settings.server.env.value,
            release=release,
            default_integrations=False,
            # what is still to be sent at the end is sent, without words on the terminal
            integrations=[AtexitIntegration(callback=_silent)],
            send_default_pii=False,
            include_local_variables=False,
            include_source_context=False,
            before_send=scrubbed,
        )
    except ValueError:
        message = "SENTRY_DSN: write it as https://key@host/project"
        raise SettingsInvalid(message) from None
    return _report


def _silent(pending: int, timeout: float) -> None:
    del pending, timeout


def _report(logger: object, method: str, event: Event) -> Event:
    import sentry_sdk

    del logger
    if method in _ERRORS:
        cause = event.get("exc_info")
        with sentry_sdk.new_scope() as scope:
            for tag in ("request_id", "logger", "event"):
                scope.set_tag(tag, str(event.get(tag, "")))
            if cause:
                sentry_sdk.capture_exception(sys.exc_info() if cause is True else cause)
            else:
                sentry_sdk.capture_message(str(event.get("event", "")), level="error")
    return event


def scrubbed(report: "Report", hint: "Hint") -> "Report":
    """Take secrets and personal data out of a report."""
    del hint
    given = cast("dict[str, Any]", report)
    kept = {name: value for name, value in given.items() if name in _KEPT}
    rest = {name: value for name, value in given.items() if name not in _KEPT | _DROPPED}
    kept["tags"] = {name: redacted({name: text})[name] for name, text in given.get("tags", {}).items()}
    return cast("Report", {**redacted(rest), **kept})
