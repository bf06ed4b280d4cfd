"""Every setting of the product, read once from the environment (and `.env`), checked, and frozen.

Names of variables are those of the fields, in capitals. A bad value stops the start with a line that names the variable
and the remedy; the value of a secret is never shown.
"""

import os
from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import quote

from dotenv import dotenv_values
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.addresses import address, database_address, machine, mongo_address, redis_address

SECRET_BYTES: Final = 32
_PLACEHOLDERS: Final = ("your-", "change", "secret", "example", "default")


class SettingsInvalid(Exception):
    """The environment cannot be used. Its text has one line for each variable."""


class Environment(StrEnum):
    """Where the process runs."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


def _lowered(text: object) -> object:
    return text.strip().lower() if isinstance(text, str) else text


def _split(text: object) -> object:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if isinstance(text, str) else text


Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_split)]


class Group(BaseSettings):
    """Settings that belong together. They are given, never read from the process by themselves."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given, and nothing else."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Read this group out of an environment."""
        return cls(**{name: environ[name.upper()] for name in cls.model_fields if name.upper() in environ})


class Server(Group):
    """The process and its door."""

    app_env: Annotated[Environment, BeforeValidator(_lowered)] = Environment.DEVELOPMENT
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    data_dir: Path = Path(".data")
    public_url: str = ""
    allowed_origins: Words = ()
    trusted_proxies: Words = ()
    run_workers: bool = True

    @property
    def env(self) -> Environment:
        """Where the process runs."""
        return self.app_env

    @field_validator("data_dir")
    @classmethod
    def _is_folder(cls, value: Path) -> Path:
        try:
            return value.expanduser()
        except RuntimeError:
            message = "write the folder without ~: this user has no home"
            raise ValueError(message) from None

    @field_validator("trusted_proxies")
    @classmethod
    def _are_machines(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                if each != "*":
                    ip_network(each)
            except ValueError:
                message = "write addresses or networks, such as 10.0.0.0/8, with commas between"
                raise ValueError(message) from None
        return value

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return value and address(value, "http://", "https://").rstrip("/")

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(address(each.rstrip("/").lower(), "http://", "https://", "chrome-extension://") for each in value)


class Introspection(StrEnum):
    """Who may ask the API for its schema, and is told which names it has when theirs is misspelt."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed_in"
    NOBODY = "nobody"


class Door(Group):
    """What the endpoint lets in. A process counts its own sockets."""

    introspection: Introspection = Introspection.ANYBODY
    trusted_documents: Path | None = None
    sockets_per_user: int = Field(default=50, ge=1)
    sockets_per_address: int = Field(default=500, ge=1)
    sockets_per_workspace: int = Field(default=2_000, ge=1)


class Stores(Group):
    """Addresses of real servers. Without one, the embedded store is started."""

    database_url: str | None = Field(default=None, repr=False)
    redis_url: str | None = Field(default=None, repr=False)
    redis_host: str | None = None
    redis_port: int = Field(default=6379, ge=1, le=65535)
    redis_password: SecretStr | None = None
    mongo_url: str | None = Field(default=None, repr=False)
    qdrant_url: str | None = Field(default=None, repr=False)
    durability: Literal["durable", "fast"] = "durable"

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: str | None) -> str | None:
        return value and database_address(value)

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str | None) -> str | None:
        return value and redis_address(value)

    @field_validator("redis_host")
    @classmethod
    def _is_machine(cls, value: str | None) -> str | None:
        try:
            return value and machine(value.strip().removeprefix("[").removesuffix("]"))
        except ValueError:
            message = "write a host name or an IP address only, as in cache; a whole address belongs in REDIS_URL"
            raise ValueError(message) from None

    @field_validator("mongo_url")
    @classmethod
    def _is_mongo(cls, value: str | None) -> str | None:
        return value and mongo_address(value)

    @field_validator("qdrant_url")
    @classmethod
    def _is_qdrant(cls, value: str | None) -> str | None:
        return value and address(value, "http://", "https://")


class Security(Group):
    """Secrets that tokens are made with. Without them, a development machine makes its own."""

    jwt_secret: SecretStr | None = None
    jwt_refresh_secret: SecretStr | None = None
    jwt_previous_secrets: Secrets = ()
    bcrypt_rounds: int = Field(default=12, ge=4, le=16)


class Mail(Group):
    """How mail leaves. Without a server, mails are files in the data folder."""

    smtp_url: SecretStr | None = None
    mail_from: str = "WhatsHybrid <no-reply@localhost>"

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, value: str) -> str:
        if parseaddr(value)[1].count("@") != 1:
            message = "write it as Name <address@example.com>"
            raise ValueError(message)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_smtp(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(address(value.get_secret_value(), "smtp://", "smtps://"))


class Strategy(StrEnum):
    """How the model that answers is chosen, where a workspace has not said."""

    COST_OPTIMIZED = "cost_optimized"
    SPEED_OPTIMIZED = "speed_optimized"
    QUALITY_OPTIMIZED = "quality_optimized"
    BALANCED = "balanced"
    FAILOVER = "failover"


_PROVIDERS: Final = ("openai", "anthropic", "google_ai", "groq", "mistral", "cohere", "together", "ollama")


class Ai(Group):
    """Model providers: their keys, and addresses where they are asked elsewhere than at their own, as at a gateway.

    `ai_cache_ttl` is for how many seconds answers are kept, 0 not at all; `ai_trace_days` for how long what was sent
    and answered is, in masked form.
    """

    openai_api_key: SecretStr | None = None
    anthropic_api_key: SecretStr | None = None
    google_ai_api_key: SecretStr | None = None
    groq_api_key: SecretStr | None = None
    mistral_api_key: SecretStr | None = None
    cohere_api_key: SecretStr | None = None
    together_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    anthropic_base_url: str | None = None
    google_ai_base_url: str | None = None
    groq_base_url: str | None = None
    mistral_base_url: str | None = None
    cohere_base_url: str | None = None
    together_base_url: str | None = None
    ollama_base_url: str | None = None
    ai_routing_strategy: Strategy = Strategy.BALANCED
    ai_cache_ttl: int = Field(default=3_600, ge=0, le=86_400)
    ai_trace_days: int = Field(default=30, ge=0, le=365)

    @field_validator(*(f"{each}_base_url" for each in _PROVIDERS))
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        return value and address(value, "http://", "https://")

    def configured(self) -> dict[str, bool]:
        """Tell for each provider whether it has what makes it usable: its key, or an Ollama its address."""
        given = {each: getattr(self, f"{each}_api_key", self.ollama_base_url) is not None for each in _PROVIDERS}
        return {name.removesuffix("_ai"): is_given for name, is_given in given.items()}


class Stripe(Group):
    """Keys of the payment provider."""

    stripe_secret_key: SecretStr | None = None
    stripe_webhook_secret: SecretStr | None = None


class Observability(Group):
    """Where errors are reported, and how much is logged."""

    sentry_dsn: SecretStr | None = None
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lowered)] = "info"

    @field_validator("sentry_dsn")
    @classmethod
    def _is_dsn(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(address(value.get_secret_value(), "https://", "http://"))


class Settings(Group):
    """All settings."""

    server: Server = Field(default_factory=Server)
    door: Door = Field(default_factory=Door)
    stores: Stores = Field(default_factory=Stores)
    security: Security = Field(default_factory=Security)
    mail: Mail = Field(default_factory=Mail)
    ai: Ai = Field(default_factory=Ai)
    stripe: Stripe = Field(default_factory=Stripe)
    observability: Observability = Field(default_factory=Observability)


GROUPS: Final[Mapping[str, type[Group]]] = {
    "server": Server,
    "door": Door,
    "stores": Stores,
    "security": Security,
    "mail": Mail,
    "ai": Ai,
    "stripe": Stripe,
    "observability": Observability,
}


def variables() -> Iterator[str]:
    """Yield the name of every variable."""
    for group in GROUPS.values():
        yield from (name.upper() for name in group.model_fields)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings: from `environ`, or from `.env` and the process, where the process wins. Empty means unset.

    Raises:
        SettingsInvalid: values are missing or bad.
    """
    given = {**_file(), **os.environ} if environ is None else environ
    present = {name: value for name, value in given.items() if value is not None and value.strip()}
    faults: list[str] = []
    groups: dict[str, Any] = {}
    for name, group in GROUPS.items():
        try:
            groups[name] = group.of(present)
        except ValidationError as error:
            faults += [f"{str(each['loc'][0]).upper()}: {_remedy(each)}" for each in error.errors()]
    if faults:
        raise SettingsInvalid("\n".join(faults))
    settings = _completed(Settings(**groups))
    if settings.server.env is Environment.PRODUCTION:
        faults = list(_unfit_for_production(settings))
    if faults:
        raise SettingsInvalid("\n".join(faults))
    return settings


def _file() -> dict[str, str | None]:
    try:
        return dotenv_values(".env")
    except UnicodeDecodeError:
        message = ".env: save it as UTF-8"
        raise SettingsInvalid(message) from None
    except OSError as error:
        message = f".env: it cannot be read ({error.strerror})"
        raise SettingsInvalid(message) from None


def _completed(settings: Settings) -> Settings:
    """Derive what was not said: Redis from its host and port, the public address from the port."""
    server, stores = settings.server, settings.stores
    if not server.public_url:
        server = server.model_copy(update={"public_url": f"http://localhost:{server.port}"})
    if stores.redis_url is None and stores.redis_host is not None:
        secret = stores.redis_password
        login = f":{quote(secret.get_secret_value(), safe='')}@" if secret is not None else ""
        host = f"[{stores.redis_host}]" if ":" in stores.redis_host else stores.redis_host
        stores = stores.model_copy(update={"redis_url": f"redis://{login}{host}:{stores.redis_port}/0"})
    return settings.model_copy(update={"server": server, "stores": stores})


def _unfit_for_production(settings: Settings) -> Iterator[str]:
    security = settings.security
    for name in ("jwt_secret", "jwt_refresh_secret"):
        secret: SecretStr | None = getattr(security, name)
        if secret is None or not _is_strong(secret.get_secret_value()):
            yield f"{name.upper()}: set it to {SECRET_BYTES} random bytes or more (openssl rand -base64 48)"
    if not all(_is_strong(each.get_secret_value()) for each in security.jwt_previous_secrets):
        yield f"JWT_PREVIOUS_SECRETS: each has {SECRET_BYTES} random bytes or more; remove the others"
    if security.jwt_secret is not None and security.jwt_secret == security.jwt_refresh_secret:
        yield "JWT_REFRESH_SECRET: set it to another secret than JWT_SECRET"
    for name in ("database_url", "redis_url", "mongo_url", "qdrant_url"):
        if getattr(settings.stores, name) is None:
            yield f"{name.upper()}: set it to a server; embedded stores are for development"
    if settings.stores.durability != "durable":
        yield "DURABILITY: leave it at durable"


def _is_strong(secret: str) -> bool:
    is_placeholder = any(word in secret.lower() for word in _PLACEHOLDERS)
    return len(secret.encode()) >= SECRET_BYTES and not is_placeholder and len(set(secret)) > SECRET_BYTES // 4


def _remedy(error: Any) -> str:
    match error["type"]:
        case "enum" | "literal_error":
            return f"set it to {error['ctx']['expected']}"
        case "int_parsing" | "greater_than_equal" | "less_than_equal":
            return f"set it to a whole number within its limits ({error['msg']})"
        case "bool_parsing":
            return "set it to true or false"
        case _:
            return str(error["msg"]).removeprefix("Value error, ")
