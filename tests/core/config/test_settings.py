"""Settings: every wrong value is named, all at once, with what to do; the mode is never guessed."""

from pathlib import Path

import pytest

from storefront.core.config import engines
from storefront.core.config.settings import Mode, load_settings, read_environment
from tests.support.wrong_settings import SANDBOX, SECRET, problems_of

TEST = {name: value for name, value in SANDBOX.items() if name != "STRIPE_API_BASE"}
LIVE = {
    "SECRET_KEY": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "STRIPE_SECRET_KEY": "sk_live_" + "1" * 24,
    "STRIPE_PUBLISHABLE_KEY": "pk_live_" + "1" * 24,
    "STRIPE_WEBHOOK_SECRET": "whsec_" + "1" * 24,
    "BASE_URL": "https://shop.example",
    "MAIL_FROM": "shop@shop.example",
    "TRUSTED_PROXIES": "1",
}


def without(environ: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in environ.items() if key != name}


@pytest.mark.parametrize(
    ("environ", "mode"),
    [
        (SANDBOX, Mode.SANDBOX),
        (TEST, Mode.TEST),
        (TEST | {"STRIPE_API_BASE": "https://api.stripe.com/"}, Mode.TEST),
        (TEST | {"STRIPE_SECRET_KEY": "rk_test_1"}, Mode.TEST),
        (LIVE, Mode.LIVE),
        (LIVE | {"STRIPE_SECRET_KEY": "rk_live_" + "1" * 24}, Mode.LIVE),
    ],
)
def test_derives_the_mode_from_key_and_address(environ: dict[str, str], mode: Mode) -> None:
    assert load_settings(environ).mode is mode


@pytest.mark.parametrize("key", ["STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"])
@pytest.mark.parametrize("environ", [SANDBOX, TEST, LIVE], ids=["sandbox", "test", "live"])
def test_takes_no_missing_key_for_the_sandbox(environ: dict[str, str], key: str) -> None:
    (problem,) = problems_of(without(environ, key))
    assert f"{key} is missing" in problem


def test_tells_a_shop_without_keys_which_line_to_add() -> None:
    told = "\n".join(problems_of({"SECRET_KEY": SECRET}))
    assert "STRIPE_SECRET_KEY is missing: add it (sk_test_… or sk_live_…" in told
    assert "`make run`" in told


@pytest.mark.parametrize("key", ["sk_live_" + "1" * 24, "rk_live_" + "1" * 24])
def test_refuses_a_live_key_with_a_sandbox_address(key: str) -> None:
    problems = problems_of(LIVE | {"STRIPE_SECRET_KEY": key, "STRIPE_API_BASE": "http://127.0.0.1:12111"})
    assert any("STRIPE_API_BASE=http://127.0.0.1:12111 is a sandbox address" in problem for problem in problems)


@pytest.mark.parametrize(
    ("secret", "publishable"),
    [("sk_test_1", LIVE["STRIPE_PUBLISHABLE_KEY"]), (LIVE["STRIPE_SECRET_KEY"], "pk_test_1")],
)
def test_refuses_keys_of_different_modes(secret: str, publishable: str) -> None:
    problems = problems_of(LIVE | {"STRIPE_SECRET_KEY": secret, "STRIPE_PUBLISHABLE_KEY": publishable})
    assert problems == ["STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are of different modes."]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": "change-me-before-you-open-the-shop"}, "SECRET_KEY is a placeholder"),
        ({"SECRET_KEY": "CHANGEME" * 4}, "SECRET_KEY is a placeholder"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must have at least 16 characters"),
        ({"BASE_URL": "http://shop.example"}, "BASE_URL=http://shop.example must start with https://"),
        ({"BASE_URL": ""}, "BASE_URL=http://127.0.0.1:8000 must start with https://"),
        ({"MAIL_FROM": ""}, "MAIL_FROM is missing"),
    ],
)
def test_refuses_live_until_it_is_safe(changes: dict[str, str], named: str) -> None:
    (problem,) = problems_of(LIVE | changes)
    assert named in problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "shop.example"),
        ("BASE_URL", "http://[::1"),
        ("BASE_URL", "http://shop.example:port"),
        ("STRIPE_API_BASE", "127.0.0.1:12111"),
        ("STRIPE_JS_URL", "ftp://127.0.0.1/stripe.js"),
        ("STRIPE_SECRET_KEY", "pk_test_1"),
        ("STRIPE_SECRET_KEY", "sk_1"),
        ("STRIPE_PUBLISHABLE_KEY", "sk_test_1"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_1"),
        ("STRIPE_WEBHOOK_SECRET", "sec_1"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_1,sec_2"),
        ("DATABASE_URL", "mysql://localhost/shop"),
        ("DATABASE_URL", "postgresql://shop:p@w@db/shop?sslmode=require&prepare_threshold=0"),
        ("DATABASE_URL", "postgresql:///shop?host=/run/postgresql&autocommit=1"),
        ("QUEUE_URL", "amqp://localhost"),
        ("FILES_URL", "/var/files"),
        ("FILES_URL", "file://var/files"),
        ("MAIL_PORT", "0"),
        ("MAIL_PORT", "65536"),
        ("MAIL_PORT", "smtp"),
        ("MAIL_USE_TLS", "maybe"),
        ("MAIL_FROM", "the shop"),
        ("MAIL_FROM", "Acme, Inc. <shop@shop.example>"),
        ("MAIL_FROM", "a@shop.example, b@shop.example"),
        ("MAIL_FROM", "a,b@shop.example"),
        ("MAIL_FROM", "Shop <a@shop.example> <b@shop.example>"),
        ("MAIL_FROM", "Shop (we) <a@shop.example>"),
        ("MAIL_FROM", '"Shop <a@shop.example>'),
        ("MAIL_FROM", "Shop <a@shop.example"),
        ("MAIL_FROM", "Shop <@shop.example>"),
        ("MAIL_FROM", "Shop\nBcc: eve@shop.example <a@shop.example>"),
        ("MAIL_FROM", "jörg@shop.example"),
        ("MAIL_FROM", "a@shop..example"),
        ("OWNER_EMAIL", "the owner"),
        ("OWNER_EMAIL", "a@shop.example, b@shop.example"),
        ("OWNER_EMAIL", "a,b@shop.example"),
        ("MAIL_SERVER", "smtp.shop.example:587"),
        ("MAIL_SERVER", "smtps://smtp.shop.example"),
        ("MAIL_SERVER", "smtp..example"),
        ("MAIL_PASSWORD", "without a name"),
        ("MAIL_USERNAME", "without a password"),
        ("SHOP_NAME", "Two\nlines"),
        ("SHOP_NAME", "half a character \ud83d"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "one"),
        ("WEB_THREADS", "0"),
        ("KEEP_EVENTS_DAYS", "59"),
        ("KEEP_EMAILS_DAYS", "179"),
        ("KEEP_DOWNLOADS_DAYS", "179"),
        ("KEEP_CHECKOUTS_DAYS", "59"),
        ("KEEP_REFUSALS_DAYS", "29"),
        ("ARCHIVE_DIR", "archive"),
        ("DATABASE_READ_URL", "mysql://db"),
        ("DATABASE_READ_URL", "postgresql://db2/shop"),  # beside SQLite
        ("DATABASE_READ_LAG_SECONDS", "0"),
        ("CHECKOUT_UI", "popup"),
        ("STRIPE_TAX", "ja"),
        ("INVOICES", "2"),
        ("LOG_JSON", "json"),
        ("RELOAD_TEMPLATES", "always"),
        ("BACKUP_RECIPIENT", "age1"),
        ("BACKUP_RECIPIENT", "AGE-SECRET-KEY-1" + "Q" * 58),
    ],
)
def test_names_the_setting_that_is_wrong(name: str, value: str) -> None:
    (problem,) = problems_of(SANDBOX | {name: value})
    assert problem.startswith(name) or (name in problem and " is missing: " in problem)


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("shop@shop.example", "", "shop@shop.example"),
        ("<shop@shop.example>", "", "shop@shop.example"),
        ("Acme Inc. <shop@shop.example>", "Acme Inc.", "shop@shop.example"),
        ('"Acme, Inc." <shop@shop.example>', "Acme, Inc.", "shop@shop.example"),
        ("Töne <shop@bücher.example>", "Töne", "shop@xn--bcher-kva.example"),
        ("root@localhost", "", "root@localhost"),
    ],
)
def test_reads_one_sender_with_or_without_a_name(written: str, name: str, address: str) -> None:
    settings = load_settings(LIVE | {"MAIL_FROM": written, "OWNER_EMAIL": written})
    assert (settings.mail_from.name, settings.mail_from.address) == (name, address)
    assert settings.owner_email == address


WEAK = [
    ("SECRET_KEY", "a" * 40, "the same few letters"),
    ("SECRET_KEY", "abc" * 12, "the same few letters"),
    ("SECRET_KEY", "your-secret-key-goes-here-123456", "a placeholder"),
    ("SECRET_KEY", "<openssl rand -hex 32, put here>", "a placeholder"),
    ("SECRET_KEY", "please-change_me-9f86d081884c7d6", "a placeholder"),
    ("STRIPE_SECRET_KEY", "sk_live_…", "not complete"),
    ("STRIPE_SECRET_KEY", "sk_live_...", "not complete"),
    ("STRIPE_SECRET_KEY", "sk_live_", "not complete"),
    ("STRIPE_SECRET_KEY", "rk_live_" + "x" * 24, "not complete"),
    ("STRIPE_SECRET_KEY", "sk_live_short", "not complete"),
    ("STRIPE_PUBLISHABLE_KEY", "pk_live_***", "not complete"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_", "not complete"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_…", "not complete"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_" + "1" * 24 + ",whsec_", "not complete"),
    ("BASE_URL", "https://ada@shop.example", "scheme, host and port only"),
    ("BASE_URL", "https://shop.example/store", "scheme, host and port only"),
    ("BASE_URL", "https://shop.example?x=1", "scheme, host and port only"),
    ("BASE_URL", "https://shop.example#top", "scheme, host and port only"),
    ("BASE_URL", "https://shop_.exa mple", "signs that no host has"),
    ("BASE_URL", "https://localhost", "not where buyers find the shop"),
    ("TRUSTED_HOSTS", "https://www.shop.example", "host names"),
    ("TRUSTED_HOSTS", "www.shop.example,*", "host names"),
    ("TERMS_URL", "javascript:alert(1)", "http:// or https://"),
    ("TERMS_URL", "/terms", "http:// or https://"),
    ("METRICS_TOKEN", "a", "at least 16 characters"),
    ("METRICS_TOKEN", "a" * 20, "the same few letters"),
    ("METRICS_TOKEN", "changeme-changeme", "a placeholder"),
    ("SECURITY_CONTACT", "javascript:alert(1)", "exactly one mail address"),
    ("SECURITY_CONTACT", "http://shop.example/security", "exactly one mail address"),
    ("SECURITY_CONTACT", "a@shop.example,b@shop.example", "exactly one mail address"),
    ("SECURITY_CONTACT", "https://shop.example/\nContact: mailto:eve@example.com", "exactly one mail address"),
    ("SECRET_KEY", "${SECRET_KEY_OF_THE_SHOP}", "a placeholder"),
    ("SECRET_KEY", "$SECRET_KEY_OF_THE_SHOP", "a placeholder"),
    ("SECRET_KEY", "{{ secret_key_of_the_shop }}", "a placeholder"),
    ("SECRET_KEY", "[put a long secret in here]", "a placeholder"),
    ("TERMS_URL", "https://shop.example/our\nterms", "http:// or https://"),
]


@pytest.mark.parametrize(("name", "value", "why"), WEAK)
def test_refuses_what_is_weak_or_an_example(name: str, value: str, why: str) -> None:
    (problem,) = problems_of(LIVE | {name: value})
    assert problem.startswith(name)
    assert why in problem


def test_repeats_no_key_that_opens_backups() -> None:
    (problem,) = problems_of(SANDBOX | {"BACKUP_RECIPIENT": "AGE-SECRET-KEY-1" + "Q" * 58})
    assert "secret half" in problem
    assert "QQQ" not in problem


def test_takes_the_keys_of_a_bucket_for_backups_from_one_side() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    assert load_settings(SANDBOX | keys).backup_keys["s3"]["region"] == "us-east-1"
    own = load_settings(SANDBOX | keys | {"BACKUP_AWS_ACCESS_KEY_ID": "c"})
    assert own.backup_keys["s3"] == {"access_key_id": "c"}
    assert "'c'" not in repr(own)


def test_sends_no_key_in_the_clear_over_a_network() -> None:
    far = LIVE | {"MAIL_SERVER": "mail.example", "MAIL_USE_TLS": "false"}
    (problem,) = problems_of(far)
    assert problem.startswith("MAIL_USE_TLS=false would send keys and links to mail.example")
    assert load_settings(far | {"MAIL_USE_SSL": "true"}).mail_use_ssl
    assert not load_settings(far | {"MAIL_SERVER": "127.0.0.1"}).mail_use_tls  # a relay on this machine


@pytest.mark.parametrize(
    "key",
    [
        "a$b{c}*d<e>f0123456789",
        "Zm9vYmFyYmF6cXV4+/==9f8e",
        "$k2j9#fh3@d8s!q0zm7c^x5v",
        "<k2j9#fh3@d8s!q0zm7c^x5v",
        "[k2j9#fh3@d8s!q0zm7c^x5v",
        "{k2j9#fh3@d8s!q0zm7c^x5v",
        SECRET,
    ],
)
def test_takes_any_secret_that_was_drawn(key: str) -> None:
    assert load_settings(LIVE | {"SECRET_KEY": key}).secret_key == key


def test_names_everything_that_is_wrong_at_once() -> None:
    wrong = {
        "SECRET_KEY": "",
        "STRIPE_SECRET_KEY": "",
        "STRIPE_PUBLISHABLE_KEY": "nonsense",
        "STRIPE_WEBHOOK_SECRET": "nonsense",
        "DATABASE_URL": "nonsense",
        "QUEUE_URL": "nonsense",
        "FILES_URL": "nonsense",
        "MAIL_PORT": "nonsense",
        "MAIL_USE_SSL": "nonsense",
        "TRUSTED_PROXIES": "nonsense",
        "BASE_URL": "nonsense",
    }
    problems = problems_of(wrong)
    assert sorted(problem.split("=")[0].split(" ")[0] for problem in problems) == sorted(wrong)


def test_serves_stripe_js_from_stripe_alone_when_the_api_is_stripe() -> None:
    assert load_settings(TEST).stripe_js_url == "https://js.stripe.com/endive/stripe.js"
    for elsewhere in ("https://cdn.example/stripe.js", "http://js.stripe.com/endive/stripe.js"):
        (problem,) = problems_of(TEST | {"STRIPE_JS_URL": elsewhere})
        assert "STRIPE_JS_URL must be served by js.stripe.com" in problem


def test_takes_stripe_js_from_the_sandbox_in_the_sandbox() -> None:
    settings = load_settings(SANDBOX)
    assert settings.stripe_js_url == "http://127.0.0.1:12111/endive/stripe.js"
    assert settings.stripe_js_origin == "http://127.0.0.1:12111"


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL", "MAIL_PASSWORD"]
)
def test_reads_a_secret_from_the_file_that_is_named(name: str, tmp_path: Path) -> None:
    value = {"DATABASE_URL": "sqlite:////data/shop.db", "MAIL_PASSWORD": "from-a-file"} | LIVE
    path = tmp_path / "secret"
    path.write_text(value[name] + "\n")
    login = {"MAIL_USERNAME": "shop"} if name == "MAIL_PASSWORD" else {}
    settings = load_settings(without(LIVE, name) | login | {f"{name}_FILE": str(path)})
    values = (
        settings.secret_key,
        settings.stripe_secret_key,
        *settings.stripe_webhook_secrets,
        settings.database_url,
        settings.mail_password,
    )
    assert value[name] in values


def test_refuses_a_secret_that_is_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET)
    (problem,) = problems_of(SANDBOX | {"SECRET_KEY_FILE": str(path)})
    assert problem == "SECRET_KEY and SECRET_KEY_FILE are both set: keep one."


def test_names_a_secret_file_that_cannot_be_read(tmp_path: Path) -> None:
    problems = problems_of(without(SANDBOX, "SECRET_KEY") | {"SECRET_KEY_FILE": str(tmp_path / "nothing")})
    assert f"SECRET_KEY_FILE={tmp_path / 'nothing'} cannot be read (No such file or directory)." in problems


def test_names_a_secret_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"\xff\xfe\x00binary")
    problems = problems_of(without(SANDBOX, "SECRET_KEY") | {"SECRET_KEY_FILE": str(path)})
    assert any(problem.startswith("SECRET_KEY_FILE=") for problem in problems)


@pytest.mark.parametrize("spelling", ["postgres://", "postgresql://"])
def test_understands_the_spellings_of_postgresql(spelling: str) -> None:
    settings = load_settings(SANDBOX | {"DATABASE_URL": f"{spelling}shop:pw@db/shop"})
    assert settings.database_url == "postgresql+psycopg://shop:pw@db/shop"


def test_takes_several_webhook_secrets_while_one_is_rotated() -> None:
    settings = load_settings(LIVE | {"STRIPE_WEBHOOK_SECRET": "whsec_new, whsec_old,"})
    assert settings.stripe_webhook_secrets == ("whsec_new", "whsec_old")


@pytest.mark.parametrize(
    "environ",
    [without(LIVE, "TRUSTED_PROXIES"), LIVE | {"TRUSTED_PROXIES": "0"}, LIVE | {"TRUSTED_PROXIES": "00"}],
)
def test_sells_for_real_money_only_behind_a_proxy(environ: dict[str, str]) -> None:
    (problem,) = problems_of(environ)
    assert "TRUSTED_PROXIES is 0" in problem
    assert "slow senders" in problem
    assert "docs/nginx.md" in problem
    assert load_settings(TEST | {"TRUSTED_PROXIES": "0"})


def test_shows_no_secret_when_printed() -> None:
    secrets = {
        "SECRET_KEY": "hidden-1-" + "abcd" * 5,
        "SECRET_KEY_FALLBACKS": "hidden-8,hidden-9",
        "STRIPE_SECRET_KEY": "sk_live_1hidden2and16letters",
        "STRIPE_WEBHOOK_SECRET": "whsec_1hidden3",
        "DATABASE_URL": "postgresql://shop:hidden-4@db/shop",
        "QUEUE_URL": "postgresql://shop:hidden-5@queue/jobs",
        "LIMITS_URL": "memory://hidden-6",
        "MAIL_USERNAME": "shop",
        "MAIL_PASSWORD": "hidden-7",
    }
    settings = load_settings(LIVE | secrets)
    assert "hidden" not in repr(settings)
    assert "hidden" not in str(settings)


@pytest.mark.parametrize("name", ["QUEUE_URL", "LIMITS_URL"])
def test_says_which_package_redis_needs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load_settings(SANDBOX | {name: "redis://queue"})
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)
    assert any("needs the redis package" in problem for problem in problems_of(SANDBOX | {name: "redis://queue"}))


def test_shows_no_secret_in_a_complaint() -> None:
    wrong = dict.fromkeys(("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL"), "hidden-secret")
    assert "hidden" not in "\n".join(problems_of(SANDBOX | wrong | {"SECRET_KEY": "hidden"}))


def test_encrypts_mail_unless_it_goes_to_the_sandbox() -> None:
    assert load_settings(LIVE).mail_use_tls
    assert load_settings(TEST).mail_use_tls
    assert not load_settings(SANDBOX).mail_use_tls


def test_needs_one_line_for_mail_over_ssl() -> None:
    settings = load_settings(LIVE | {"MAIL_USE_SSL": "true"})
    assert settings.mail_use_ssl
    assert not settings.mail_use_tls
    assert settings.mail_port == 465


def test_refuses_two_ways_to_encrypt_mail() -> None:
    (problem,) = problems_of(LIVE | {"MAIL_USE_SSL": "true", "MAIL_USE_TLS": "true"})
    assert problem == "MAIL_USE_TLS and MAIL_USE_SSL exclude each other: keep one."


def test_drops_the_slash_at_the_end_of_an_address() -> None:
    assert load_settings(SANDBOX | {"BASE_URL": "http://localhost:8000/"}).base_url == "http://localhost:8000"


def test_puts_the_process_before_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shop.env"
    path.write_text("SHOP_NAME=From the file\nOWNER_EMAIL=owner@shop.example\nTERMS_URL\n")
    monkeypatch.setenv("STOREFRONT_ENV_FILE", str(path))
    monkeypatch.setenv("SHOP_NAME", "From the process")
    variables = read_environment()
    assert (variables["SHOP_NAME"], variables["OWNER_EMAIL"]) == ("From the process", "owner@shop.example")
    assert "TERMS_URL" not in variables


def test_reads_no_env_file_when_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOREFRONT_ENV_FILE", "")
    monkeypatch.setenv("SHOP_NAME", "Alone")
    assert read_environment()["SHOP_NAME"] == "Alone"
