"""What must not be when real money moves."""

from storefront.settings.reader import Reader

PLACEHOLDERS = ("change-me", "changeme", "secret", "dev", "placeholder")


def check_live(reader: Reader, settings_secret: str, base_url: str, webhook_secrets: tuple[str, ...]) -> None:
    if reader.text("TRUSTED_PROXIES", "0") == "0":
        reader.problems.append(
            "TRUSTED_PROXIES is 0: `storefront serve` speaks no TLS, and without a proxy that buffers what slow "
            "senders send they can hold up orders. Put nginx in front (docs/nginx.md) and set TRUSTED_PROXIES=1."
        )
    if not webhook_secrets:
        reader.problems.append("STRIPE_WEBHOOK_SECRET is missing: live needs the whsec_… of your endpoint.")
    if settings_secret.lower().startswith(PLACEHOLDERS):
        reader.problems.append("SECRET_KEY is a placeholder: make one with `openssl rand -hex 32`.")
    if not base_url.startswith("https://"):
        reader.problems.append(f"BASE_URL={base_url} must start with https:// in live mode.")
