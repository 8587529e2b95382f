"""Where release files are kept: a folder or a bucket, and who sends them."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from storefront.core.config.reader import Reader

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


def read_files(reader: Reader) -> tuple[str, dict[str, str]]:
    """Return the storage's address and what obstore needs for it, under the names that its vendors use."""
    url = reader.text("FILES_URL", (reader.home / "var" / "files").as_uri()).rstrip("/")
    scheme = url.partition("://")[0]
    if url.startswith("file:///"):
        return url, {}
    if {"@", "?", "#"} & set(url):  # an address is shown and logged, so it is not repeated here either
        reader.problems.append(f"FILES_URL must not hold keys or passwords: put them into {_names_of(scheme)}.")
        return "", {}
    if scheme not in BUCKETS or not urlsplit(url).netloc:
        reader.problems.append(
            f"FILES_URL={url} must be a folder (file:///absolute/path) or a bucket (s3://bucket/prefix, gs://…, az://…)."
        )
        return url, {}
    return url, _read_bucket(reader, url, scheme)


def _names_of(scheme: str) -> str:
    """Return the settings that a bucket's keys belong into."""
    return " and ".join(BUCKETS[scheme][option] for option in NEEDED.get(scheme, ())) or "settings of their own"


def _read_bucket(reader: Reader, url: str, scheme: str) -> dict[str, str]:
    options = {option: reader.secret(name) for option, name in BUCKETS[scheme].items()}
    reader.problems.extend(
        f"{BUCKETS[scheme][option]} is missing: FILES_URL={url} needs it."
        for option in NEEDED[scheme]
        if not options[option]
    )
    return {option: value for option, value in options.items() if value}


def files_path(files_url: str, home: Path) -> Path:
    """Return the folder behind a `file://` address, in which spaces and percent signs are encoded."""
    return Path(unquote(files_url.removeprefix("file://"))) if files_url.startswith("file://") else home / "var"


def read_accel_prefix(reader: Reader, files_url: str) -> str | None:
    """Return where nginx finds the folder of files, as an internal location: `/protected/`."""
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
