"""Settings: typed, read once from the environment, every wrong value named at once; derives the mode."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
STRIPE_API = "https://api.stripe.com"
STRIPE_JS = "https://js.stripe.com/endive/stripe.js"
PLACEHOLDERS = ("change-me", "changeme", "secret", "dev", "placeholder")
MIN_SECRET_LENGTH = 16
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Mode(StrEnum):
    SANDBOX = "sandbox"
    TEST = "test"
    LIVE = "live"


def read_environment() -> dict[str, str]:
    """The process's variables over those of a `.env` file; `STOREFRONT_ENV_FILE` names another file, or none."""
    path = os.environ.get("STOREFRONT_ENV_FILE", str(ROOT / ".env"))
    from_file = dotenv_values(path) if path else {}
    return {name: value for name, value in {**from_file, **os.environ}.items() if value is not None}


class SettingsError(Exception):
    """Every problem found, one line each, each saying what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    mode: Mode
    secret_key: str = field(repr=False)
    base_url: str
    database_url: str = field(repr=False)
    queue_url: str = field(repr=False)
    files_url: str
    files_path: Path  # of a folder; of a bucket it is not used
    files_options: dict[str, str] = field(repr=False)
    accel_prefix: str | None
    download_threads: int
    shop_name: str
    stripe_secret_key: str = field(repr=False)
    stripe_publishable_key: str
    stripe_webhook_secrets: tuple[str, ...] = field(repr=False)
    stripe_api_base: str
    stripe_js_url: str
    mail_server: str
    mail_port: int
    mail_use_tls: bool
    mail_use_ssl: bool
    mail_username: str | None
    mail_password: str | None = field(repr=False)
    mail_from: str
    owner_email: str | None
    trusted_proxies: int
    stripe_tax: bool
    terms_url: str | None
    order_page_code: bool
    invoices: bool
    web_threads: int
    limits_url: str = field(repr=False)
    log_json: bool
    metrics_token: str | None = field(repr=False)

    @property
    def is_live(self) -> bool:
        return self.mode is Mode.LIVE

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def stripe_js_origin(self) -> str:
        parts = urlsplit(self.stripe_js_url)
        return f"{parts.scheme}://{parts.netloc}"


class _Reader:
    """Reads values and collects complaints instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def secret(self, name: str) -> str:
        """`NAME`, or the content of the file that `NAME_FILE` points to."""
        path = self.environ.get(f"{name}_FILE")
        if path and self.environ.get(name):
            self.problems.append(f"{name} and {name}_FILE are both set: keep one.")
        if not path:
            return self.environ.get(name, "").strip()
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            self.problems.append(f"{name}_FILE={path} cannot be read ({why}).")
            return ""

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "").strip() or default

    def optional(self, name: str) -> str | None:
        return self.text(name) or None

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        raw = self.text(name, str(default))
        if raw.isascii() and raw.isdigit() and low <= int(raw) <= high:
            return int(raw)
        self.problems.append(f"{name}={raw} must be a whole number from {low} to {high}.")
        return default

    def flag(self, name: str, *, default: bool = False) -> bool:
        raw = self.text(name, "true" if default else "false").lower()
        if raw in ("1", "true", "yes", "on"):
            return True
        if raw not in ("0", "false", "no", "off"):
            self.problems.append(f"{name}={raw} must be true or false.")
        return False

    def url(self, name: str, default: str) -> str:
        raw = self.text(name, default).rstrip("/")
        if not _is_web_address(raw):
            self.problems.append(f"{name}={raw} must be an address that starts with http:// or https://.")
        return raw


def _is_web_address(raw: str) -> bool:
    try:
        parts = urlsplit(raw)
        parts.port  # noqa: B018 - raises for a port that is no number
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _key_mode(key: str) -> Mode | None:
    if key.startswith(("sk_live_", "rk_live_", "pk_live_")):
        return Mode.LIVE
    return Mode.TEST if key.startswith(("sk_test_", "rk_test_", "pk_test_")) else None


def _read_mode(reader: _Reader, secret: str, publishable: str, api_base: str) -> Mode:
    if not secret:
        reader.problems.append(
            "STRIPE_SECRET_KEY is missing: add it (sk_test_… or sk_live_… from the Stripe Dashboard), "
            "or type `make run` for the local sandbox."
        )
    elif not secret.startswith(("sk_", "rk_")) or _key_mode(secret) is None:
        reader.problems.append("STRIPE_SECRET_KEY must start with sk_test_, rk_test_, sk_live_ or rk_live_.")
    if not publishable:
        reader.problems.append("STRIPE_PUBLISHABLE_KEY is missing: add it (pk_test_… or pk_live_…).")
    elif not publishable.startswith("pk_") or _key_mode(publishable) is None:
        reader.problems.append("STRIPE_PUBLISHABLE_KEY must start with pk_test_ or pk_live_.")
    elif secret and _key_mode(secret) is not None and _key_mode(secret) != _key_mode(publishable):
        reader.problems.append("STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are of different modes.")
    mode = _key_mode(secret) or Mode.TEST
    if api_base == STRIPE_API:
        return mode
    if mode is Mode.LIVE:
        reader.problems.append(
            f"STRIPE_API_BASE={api_base} is a sandbox address: live keys work with Stripe only. Remove it."
        )
    return Mode.SANDBOX


def _check_live(reader: _Reader, settings_secret: str, base_url: str, webhook_secrets: tuple[str, ...]) -> None:
    if not webhook_secrets:
        reader.problems.append("STRIPE_WEBHOOK_SECRET is missing: live needs the whsec_… of your endpoint.")
    if settings_secret.lower().startswith(PLACEHOLDERS):
        reader.problems.append("SECRET_KEY is a placeholder: make one with `openssl rand -hex 32`.")
    if not base_url.startswith("https://"):
        reader.problems.append(f"BASE_URL={base_url} must start with https:// in live mode.")


def _database_url(raw: str) -> str:
    """SQLAlchemy's spelling of what hosts hand out (`postgres://`), with psycopg 3."""
    for prefix in ("postgres://", "postgresql://"):
        if raw.startswith(prefix):
            return "postgresql+psycopg://" + raw.removeprefix(prefix)
    return raw


def _read_engines(reader: _Reader) -> tuple[str, str]:
    database_url = _database_url(reader.secret("DATABASE_URL") or f"sqlite:///{ROOT / 'var' / 'shop.db'}")
    if not database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        reader.problems.append("DATABASE_URL must start with sqlite:/// or postgresql://.")
    queue_url = reader.secret("QUEUE_URL") or f"sqlite:///{ROOT / 'var' / 'queue.db'}"
    if not queue_url.startswith(("sqlite:///", "redis://", "rediss://", "postgresql://", "postgres://")):
        reader.problems.append("QUEUE_URL must start with sqlite:///, redis:// or postgresql://.")
    return database_url, queue_url


def _check_redis(reader: _Reader, *urls: str) -> None:
    if any(url.startswith("redis") for url in urls) and find_spec("redis") is None:
        reader.problems.append("QUEUE_URL or LIMITS_URL needs the redis package: .venv/bin/pip install redis")


BUCKETS = {
    "s3": {
        "access_key_id": "AWS_ACCESS_KEY_ID",
        "secret_access_key": "AWS_SECRET_ACCESS_KEY",
        "session_token": "AWS_SESSION_TOKEN",
        "region": "AWS_REGION",
        "endpoint": "AWS_ENDPOINT_URL",
    },
    "gs": {"service_account": "GOOGLE_APPLICATION_CREDENTIALS"},
    "az": {"account_name": "AZURE_STORAGE_ACCOUNT_NAME", "account_key": "AZURE_STORAGE_ACCOUNT_KEY"},
}
NEEDED = {
    "s3": ("access_key_id", "secret_access_key", "region"),
    "gs": ("service_account",),
    "az": ("account_name", "account_key"),
}


def _read_files(reader: _Reader) -> tuple[str, dict[str, str]]:
    """The storage's address and what obstore needs for it, under the names that its vendors use."""
    url = reader.text("FILES_URL", (ROOT / "var" / "files").as_uri()).rstrip("/")
    scheme = url.partition("://")[0]
    if url.startswith("file:///"):
        return url, {}
    if {"@", "?", "#"} & set(url):  # an address is shown and logged, so it is not repeated here either
        names = (
            " and ".join(BUCKETS[scheme][option] for option in NEEDED.get(scheme, ())) or "settings of their own"
        )
        reader.problems.append(f"FILES_URL must not hold keys or passwords: put them into {names}.")
        return "", {}
    if scheme not in BUCKETS or not urlsplit(url).netloc:
        reader.problems.append(
            f"FILES_URL={url} must be a folder (file:///absolute/path) or a bucket (s3://bucket/prefix, gs://…, az://…)."
        )
        return url, {}
    found = {option: reader.secret(name) for option, name in BUCKETS[scheme].items()}
    reader.problems.extend(
        f"{BUCKETS[scheme][option]} is missing: FILES_URL={url} needs it."
        for option in NEEDED[scheme]
        if not found[option]
    )
    return url, {option: value for option, value in found.items() if value}


def _files_path(files_url: str) -> Path:
    """A folder's address has its spaces and percent signs encoded, like every other."""
    return Path(unquote(files_url.removeprefix("file://"))) if files_url.startswith("file://") else ROOT / "var"


def _read_accel_prefix(reader: _Reader, files_url: str) -> str | None:
    """Where nginx finds the folder of files, as an internal location: `/protected/`."""
    prefix = reader.optional("ACCEL_PREFIX")
    if prefix is None:
        return None
    if not (prefix.startswith("/") and prefix.endswith("/") and len(prefix) > 2):
        reader.problems.append(
            f"ACCEL_PREFIX={prefix} must be a path that starts and ends with a slash: /protected/."
        )
    if not files_url.startswith("file://"):
        reader.problems.append("ACCEL_PREFIX is for a folder: remove it, or set FILES_URL to one.")
    return prefix


def _read_webhook_secrets(reader: _Reader) -> tuple[str, ...]:
    """Several, separated by commas: the old and the new one while a secret is rotated."""
    secrets = tuple(part.strip() for part in reader.secret("STRIPE_WEBHOOK_SECRET").split(",") if part.strip())
    if any(not part.startswith("whsec_") for part in secrets):
        reader.problems.append("STRIPE_WEBHOOK_SECRET must be whsec_… (several: separated by commas).")
    return secrets


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check everything.

    Raises:
        SettingsError: with every problem at once.
    """
    reader = _Reader(environ)
    secret_key = reader.secret("SECRET_KEY")
    if len(secret_key) < MIN_SECRET_LENGTH:
        reader.problems.append(
            f"SECRET_KEY must have at least {MIN_SECRET_LENGTH} characters: make one with `openssl rand -hex 32`."
        )
    stripe_secret = reader.secret("STRIPE_SECRET_KEY")
    stripe_publishable = reader.text("STRIPE_PUBLISHABLE_KEY")
    api_base = reader.url("STRIPE_API_BASE", STRIPE_API)
    is_sandbox = api_base != STRIPE_API and _is_web_address(api_base)
    js_url = reader.url("STRIPE_JS_URL", f"{api_base}/endive/stripe.js" if is_sandbox else STRIPE_JS)
    if api_base == STRIPE_API and not js_url.startswith("https://js.stripe.com/"):
        reader.problems.append("STRIPE_JS_URL must be served by js.stripe.com (PCI): remove the setting.")
    webhook_secrets = _read_webhook_secrets(reader)
    base_url = reader.url("BASE_URL", "http://127.0.0.1:8000")
    mode = _read_mode(reader, stripe_secret, stripe_publishable, api_base)
    if mode is Mode.LIVE:
        _check_live(reader, secret_key, base_url, webhook_secrets)
    database_url, queue_url = _read_engines(reader)
    files_url, files_options = _read_files(reader)
    mail_from = reader.text("MAIL_FROM", "shop@localhost.localdomain" if mode is not Mode.LIVE else "")
    if "@" not in mail_from:
        reader.problems.append("MAIL_FROM is missing: the address your mails come from.")
    use_ssl = reader.flag("MAIL_USE_SSL")
    use_tls = reader.flag("MAIL_USE_TLS", default=mode is not Mode.SANDBOX and not use_ssl)
    if use_tls and use_ssl:
        reader.problems.append("MAIL_USE_TLS and MAIL_USE_SSL exclude each other: keep one.")
    usual_port = 465 if use_ssl else 1025 if mode is Mode.SANDBOX else 587
    settings = Settings(
        mode=mode,
        secret_key=secret_key,
        base_url=base_url,
        database_url=database_url,
        queue_url=queue_url,
        files_url=files_url,
        files_path=_files_path(files_url),
        files_options=files_options,
        accel_prefix=_read_accel_prefix(reader, files_url),
        download_threads=reader.integer("DOWNLOAD_THREADS", 64, low=1, high=1024),
        shop_name=reader.text("SHOP_NAME", "Storefront"),
        stripe_secret_key=stripe_secret,
        stripe_publishable_key=stripe_publishable,
        stripe_webhook_secrets=webhook_secrets,
        stripe_api_base=api_base,
        stripe_js_url=js_url,
        mail_server=reader.text("MAIL_SERVER", "127.0.0.1"),
        mail_port=reader.integer("MAIL_PORT", usual_port, low=1, high=65535),
        mail_use_tls=use_tls,
        mail_use_ssl=use_ssl,
        mail_username=reader.optional("MAIL_USERNAME"),
        mail_password=reader.secret("MAIL_PASSWORD") or None,
        mail_from=mail_from,
        owner_email=reader.optional("OWNER_EMAIL"),
        trusted_proxies=reader.integer("TRUSTED_PROXIES", 0, low=0, high=5),
        stripe_tax=reader.flag("STRIPE_TAX"),
        terms_url=reader.optional("TERMS_URL"),
        order_page_code=reader.flag("ORDER_PAGE_CODE"),
        invoices=reader.flag("INVOICES"),
        web_threads=reader.integer("WEB_THREADS", 8, low=1, high=64),
        limits_url=reader.secret("LIMITS_URL") or "memory://",
        log_json=reader.flag("LOG_JSON"),
        metrics_token=reader.secret("METRICS_TOKEN") or None,
    )
    _check_redis(reader, settings.queue_url, settings.limits_url)
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings
