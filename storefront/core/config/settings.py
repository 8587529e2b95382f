"""Settings: typed, read once from the environment, every wrong value named at once; derives the mode."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from storefront.core.config.addresses import read_base_url, read_hosts, read_link, read_security_contact
from storefront.core.config.backup import read_backup_keys, read_backup_recipient
from storefront.core.config.checkout_ui import CheckoutUi, read_checkout_ui
from storefront.core.config.engines import check_redis, read_engines, read_limits, read_replica
from storefront.core.config.env_file import read_env_file
from storefront.core.config.files import BUCKETS, files_path, read_accel_prefix, read_files
from storefront.core.config.live import check_live, check_live_mail
from storefront.core.config.mail import (
    read_mail_connection,
    read_mail_from,
    read_mail_login,
    read_mail_server,
    read_owner_email,
)
from storefront.core.config.reader import Reader, SettingsError, split_list
from storefront.core.config.retention import KeepDays, read_archive_dir, read_keep_days
from storefront.core.config.strength import check_secret
from storefront.core.config.stripe import STRIPE_API, Mode, read_js_url, read_mode, read_webhook_secrets
from storefront.core.email_addresses import Mailbox
from storefront.core.places import ROOT, home

__all__ = ["BUCKETS", "ROOT", "Mode", "Settings", "SettingsError", "load_settings", "read_environment"]

MIN_SECRET_LENGTH = 16


def read_environment() -> dict[str, str]:
    """Return the process's variables over those of `.env`. `STOREFRONT_ENV_FILE` names another file, or none.

    Raises:
        SettingsError: the file cannot be read.
    """
    path = os.environ.get("STOREFRONT_ENV_FILE", str(home(os.environ) / ".env"))
    return {**(read_env_file(Path(path)) if path else {}), **os.environ}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    home: Path  # holds `.env` and `var`
    mode: Mode
    secret_key: str = field(repr=False)
    old_secret_keys: tuple[str, ...] = field(repr=False)  # newest first: they open, and sign nothing
    base_url: str
    database_url: str = field(repr=False)
    database_read_url: str | None = field(repr=False)  # of a replica
    database_read_lag_seconds: int
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
    mail_from: Mailbox
    owner_email: str | None
    security_contact: str | None  # of security.txt
    trusted_proxies: int
    trusted_hosts: tuple[str, ...]  # beside that of BASE_URL
    checkout_ui: CheckoutUi  # where no product says otherwise
    stripe_tax: bool
    terms_url: str | None
    order_page_code: bool
    code_mails_per_hour: int
    invoices: bool
    web_threads: int
    limits_url: str = field(repr=False)
    log_json: bool
    reload_templates: bool  # for who edits them
    metrics_token: str | None = field(repr=False)
    backup_recipient: str | None
    backup_keys: dict[str, dict[str, str]] = field(repr=False)  # of buckets, by their scheme
    keep_days: KeepDays
    archive_dir: Path | None  # where rows are written before they are forgotten

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Return every key that opens what is here, the present one first."""
        return (self.secret_key, *self.old_secret_keys)

    @property
    def is_live(self) -> bool:
        return self.mode is Mode.LIVE

    @property
    def is_folder(self) -> bool:
        """Files lie in a folder of this machine, not in a bucket."""
        return self.files_url.startswith("file://")

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def stripe_js_origin(self) -> str:
        parts = urlsplit(self.stripe_js_url)
        return f"{parts.scheme}://{parts.netloc}"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check everything.

    Raises:
        SettingsError: with every problem at once.
    """
    reader = Reader(environ)
    secret_key = reader.secret("SECRET_KEY")
    check_secret(reader, "SECRET_KEY", secret_key, shortest=MIN_SECRET_LENGTH)
    old_secret_keys = split_list(reader.secret("SECRET_KEY_FALLBACKS", may_be_empty=True))
    stripe_secret = reader.secret("STRIPE_SECRET_KEY")
    stripe_publishable = reader.text("STRIPE_PUBLISHABLE_KEY")
    api_base = reader.url("STRIPE_API_BASE", STRIPE_API)
    js_url = read_js_url(reader, api_base)
    webhook_secrets = read_webhook_secrets(reader)
    base_url = read_base_url(reader)
    mode = read_mode(reader, stripe_secret, stripe_publishable, api_base)
    if mode is Mode.LIVE:
        check_live(reader, base_url)
    database_url, queue_url = read_engines(reader)
    database_read_url, read_lag_seconds = read_replica(reader, database_url)
    files_url, files_options = read_files(reader)
    mail_from = read_mail_from(reader, mode)
    mail_username, mail_password = read_mail_login(reader)
    use_tls, use_ssl, mail_port = read_mail_connection(reader, mode)
    mail_server, owner_email = read_mail_server(reader), read_owner_email(reader)
    if mode is Mode.LIVE:
        check_live_mail(reader, mail_server, is_encrypted=use_tls or use_ssl)
    metrics_token = reader.secret("METRICS_TOKEN") or None
    if metrics_token is not None:
        check_secret(reader, "METRICS_TOKEN", metrics_token, shortest=MIN_SECRET_LENGTH)
    settings = Settings(
        home=reader.home,
        mode=mode,
        secret_key=secret_key,
        old_secret_keys=old_secret_keys,
        base_url=base_url,
        database_url=database_url,
        database_read_url=database_read_url,
        database_read_lag_seconds=read_lag_seconds,
        queue_url=queue_url,
        files_url=files_url,
        files_path=files_path(files_url, reader.home),
        files_options=files_options,
        accel_prefix=read_accel_prefix(reader, files_url),
        download_threads=reader.integer("DOWNLOAD_THREADS", 64, low=1, high=1024),
        shop_name=reader.line("SHOP_NAME", "Storefront"),
        stripe_secret_key=stripe_secret,
        stripe_publishable_key=stripe_publishable,
        stripe_webhook_secrets=webhook_secrets,
        stripe_api_base=api_base,
        stripe_js_url=js_url,
        mail_server=mail_server,
        mail_port=mail_port,
        mail_use_tls=use_tls,
        mail_use_ssl=use_ssl,
        mail_username=mail_username,
        mail_password=mail_password,
        mail_from=mail_from,
        owner_email=owner_email,
        security_contact=read_security_contact(reader, mail_from.address),
        trusted_proxies=reader.integer("TRUSTED_PROXIES", 0, low=0, high=5),
        trusted_hosts=read_hosts(reader),
        checkout_ui=read_checkout_ui(reader),
        stripe_tax=reader.flag("STRIPE_TAX"),
        terms_url=read_link(reader, "TERMS_URL"),
        order_page_code=reader.flag("ORDER_PAGE_CODE"),
        code_mails_per_hour=reader.integer("CODE_MAILS_PER_HOUR", 600, low=10, high=1_000_000),
        invoices=reader.flag("INVOICES"),
        web_threads=reader.integer("WEB_THREADS", 8, low=1, high=64),
        limits_url=read_limits(reader),
        log_json=reader.flag("LOG_JSON"),
        reload_templates=reader.flag("RELOAD_TEMPLATES"),
        metrics_token=metrics_token,
        backup_recipient=read_backup_recipient(reader),
        backup_keys=read_backup_keys(reader),
        keep_days=read_keep_days(reader),
        archive_dir=read_archive_dir(reader),
    )
    check_redis(reader, settings.queue_url, settings.limits_url)
    if reader.problems:
        raise SettingsError(list(dict.fromkeys(reader.problems)))  # a backup asks for keys of buckets, too
    return settings
