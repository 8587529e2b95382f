"""How a sandbox is started: where its state lives, its keys, where it listens and what it calls."""

from dataclasses import dataclass, field
from pathlib import Path

from storefront.devtools.loopback import ConfigError, is_loopback
from storefront.devtools.sandbox.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """`data=None` keeps everything in memory; keys that are None are made at the first run and kept."""

    host: str = "127.0.0.1"
    port: int = 12111
    data: Path | None = None
    secret_key: str | None = None
    publishable_key: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    listen_secret: str | None = None
    allow_any_address: bool = False
    delivery_threads: int = 16
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        _check_key("secret key", self.secret_key, ("sk_test_", "rk_test_"))
        _check_key("publishable key", self.publishable_key, ("pk_test_",))
        _check_webhook_secret(self.webhook_secret)
        _check_webhook_secret(self.listen_secret)
        if not self.allow_any_address and not is_loopback(self.host):
            raise ConfigError(
                f"{self.host} is not a loopback address; the sandbox has no passwords, so this needs"
                " --allow-any-address"
            )


def _check_key(name: str, key: str | None, prefixes: tuple[str, ...]) -> None:
    if key is None:
        return
    if "_live_" in key:
        raise ConfigError(f"the sandbox never takes a live {name}")
    if not key.startswith(prefixes):
        raise ConfigError(f"the {name} must start with {prefixes[0]}")


def _check_webhook_secret(secret: str | None) -> None:
    if secret is not None and not secret.startswith("whsec_"):
        raise ConfigError("the webhook secret must start with whsec_")
