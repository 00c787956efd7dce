"""Every setting, read once from the environment (and `.env`) at start; `.env.example` shows each."""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from handlers.people.calendar import valid_country, valid_zone
from handlers.web.addresses import allowed

NEEDED = {"slack_app_token": ("socket", "App-Level Tokens, scope connections:write"),
          "slack_signing_secret": ("http", "App Credentials")}
"""In which mode, and where it is found."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class DatabaseSettings(BaseSettings):
    """What migrating and verifying need: they run without a token to Slack."""

    model_config = SettingsConfigDict(env_prefix="GROUNDCREW_", env_file=".env", extra="ignore", frozen=True,
                                      env_ignore_empty=True)

    database_url: str = "sqlite+aiosqlite:///groundcrew.db"
    """Where everything is kept: a SQLite file for one process, postgresql://... for several."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value.startswith(("postgres://", "postgresql://")):
            value = f"postgresql+asyncpg://{value.partition('://')[2]}"
        if value.startswith("sqlite://"):
            value = f"sqlite+aiosqlite://{value.partition('://')[2]}"
        if not value.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
            raise ValueError("give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
        return value


class RoutingSettings(DatabaseSettings):
    """What telling where an alert would go needs besides: it runs without a token to Slack."""

    admins: str = ""
    """As in `Settings`, as it stands."""
    templates_dir: Path | None = None
    operations_channel: str | None = None

    @property
    def fallback(self) -> str | None:
        """The room of alerts that no route fits."""
        first = self.operations_channel or self.admins.split(",")[0].strip()
        return f"slack:{first}" if first else None


class Settings(DatabaseSettings):
    """Frozen: nothing changes a setting while the bot runs."""

    model_config = SettingsConfigDict(extra="forbid")

    slack_mode: Literal["socket", "http"] = "socket"
    """socket: the bot connects out, no public address needed. http: Slack calls `/slack/events`."""
    slack_bot_token: SecretStr
    """xoxb-..., from OAuth & Permissions after installing the app."""
    slack_app_token: SecretStr | None = Field(default=None, validate_default=True)
    """xapp-..., with connections:write; needed in socket mode."""
    slack_signing_secret: SecretStr | None = Field(default=None, validate_default=True)
    """From Basic Information; needed in http mode."""
    slack_api_url: str = "https://slack.com/api/"
    """Another Slack-compatible server, such as the sandbox."""
    host: str = "127.0.0.1"
    """The address the HTTP server listens on: /healthz, /readyz, /metrics, and /slack/events in http mode."""
    port: int = Field(default=8080, ge=0, le=65535)
    admins: Annotated[tuple[str, ...], NoDecode] = ()
    """Slack user ids, separated by commas, who may do what a lead may in every pilot."""
    templates_dir: Path | None = None
    """A folder with your own templates (*.yaml), offered beside the built-in ones, and nudge policy."""
    language: str = "en"
    """For channels, and for people whose locale Slack does not tell."""
    default_zone: str = "UTC"
    """For people whose time zone Slack does not tell."""
    default_country: str | None = None
    """ISO code whose holidays count for people whose zone lies in no country: DE, US, DE-BY."""
    nudge_week_one: Annotated[tuple[str, ...], NoDecode] = ("mon", "tue", "wed", "thu", "fri")
    """Days of the scheduled nudge in a pilot's channel until its build begins; new pilots copy this."""
    nudge_later: Annotated[tuple[str, ...], NoDecode] = ("mon", "thu")
    """Days of the scheduled nudge afterwards."""
    nudge_time: str = "09:30"
    """When, on the channel's clock."""
    operations_channel: str | None = None
    """Slack channel id for alerts that no route fits; without it an admin gets them as direct messages."""
    allow_private_urls: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts and networks outside the public internet that may be called: prometheus.internal, 10.1.0.0/16."""
    cache_dir: Path | None = None
    """A folder for copies of the Git repositories that runbooks are read from; they can be made again."""
    public_url: str | None = None
    """The address at which others reach the HTTP server, for calendar feeds:
    https://groundcrew.example.com."""
    semantic: bool = False
    """Whether runbooks are also found by what a question means; needs `make semantic` once."""
    embedding_model: Path | None = None
    """A folder with model.onnx and tokenizer.json of a sentence model of your own, instead of the one that
    comes with `make semantic`; naming one turns `semantic` on."""
    metrics_by_workspace: bool = False
    """Whether `/metrics` counts what waits for each workspace by itself."""

    @property
    def is_semantic(self) -> bool:
        """Whether runbooks are to be found by meaning too."""
        return self.semantic or self.embedding_model is not None

    @property
    def cache(self) -> Path:
        """Where copies are kept: beside a SQLite file, else in the user's own folder for such."""
        if self.cache_dir is not None:
            return self.cache_dir
        path = self.database_url.partition("sqlite+aiosqlite:///")[2].partition("?")[0]
        if path and path != ":memory:":
            return Path(path).parent / "groundcrew-cache"
        return Path.home() / ".cache" / "groundcrew"

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _kind_of_token(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        kind = "xoxb-" if info.field_name == "slack_bot_token" else "xapp-"
        if value is not None and kind not in value.get_secret_value():
            raise ValueError(f"this is another kind of token; give the one that begins with {kind}")
        return value

    @field_validator("slack_app_token", "slack_signing_secret")
    @classmethod
    def _what_the_mode_needs(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        mode, place = NEEDED[str(info.field_name)]
        if value is None and info.data.get("slack_mode") == mode:
            raise PydanticCustomError(
                "missing_in_mode", "{mode} mode needs it. Slack app, Basic Information, {place}",
                {"mode": mode, "place": place})
        return value

    @field_validator("admins", "nudge_week_one", "nudge_later", "allow_private_urls", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(word.strip() for word in value.split(",") if word.strip())

    @field_validator("admins")
    @classmethod
    def _user_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [user for user in value if not (user[:1] in "UW" and user.isalnum() and user.isupper())]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: give Slack user ids such as U012AB3CD "
                             "(profile, ⋮, Copy member ID)")
        return value

    @field_validator("allow_private_urls")
    @classmethod
    def _hosts_and_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        allowed(value)
        return value

    @field_validator("operations_channel")
    @classmethod
    def _channel_id(cls, value: str | None) -> str | None:
        if value is not None and not (value[:1] in "CG" and value.isalnum() and value.isupper()):
            raise ValueError(f"{value}: give a Slack channel id such as C012AB3CD (at the bottom of the "
                             "channel's About)")
        return value

    @field_validator("nudge_week_one", "nudge_later")
    @classmethod
    def _weekdays(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        days = tuple(day.lower()[:3] for day in value)
        wrong = [day for day in days if day not in WEEKDAYS]
        if wrong or not days:
            raise ValueError(f"give weekdays such as mon,thu; these are none: {', '.join(wrong) or 'empty'}")
        return days

    @field_validator("nudge_time")
    @classmethod
    def _time(cls, value: str) -> str:
        try:
            return time.fromisoformat(value).strftime("%H:%M")
        except ValueError:
            raise ValueError("give a time such as 09:30") from None

    @field_validator("default_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if not valid_zone(value):
            raise ValueError(f"{value} is no time zone; give one such as Europe/Berlin")
        return value

    @field_validator("default_country")
    @classmethod
    def _country(cls, value: str | None) -> str | None:
        if value is not None and not valid_country(value):
            raise ValueError(f"{value} is no country I know holidays of; give one such as DE, US or DE-BY")
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("give an address that starts with https:// (http:// for a sandbox)")
        return value if value.endswith("/") else f"{value}/"
