"""What deploy/ holds, read by the programs that it is for, or held against the shop that it speaks of."""

import json
import os
import re
import shutil
import subprocess
from fnmatch import fnmatch
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from flask import Flask

from storefront.cli import main
from storefront.core.config.settings import SettingsError, load_settings
from storefront.core.measurements import SMTP_SECONDS, STRIPE_SECONDS, flush, measurements
from storefront.core.places import ROOT
from storefront.owner.health.warnings import CHECKS

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE = sorted((DEPLOY / "compose").glob("*.yaml"))


def find_systemd() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        assert not os.environ.get("CI"), "systemd-analyze is missing"
        pytest.skip("systemd-analyze is not installed (Debian: apt install systemd)")
    return program


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_has_units_that_systemd_takes_and_calls_safe(unit: Path, tmp_path: Path) -> None:
    program = find_systemd()
    text = unit.read_text()
    (tmp_path / "storefront").write_text("#!/bin/sh\n")
    (tmp_path / "storefront").chmod(0o755)
    copy = tmp_path / unit.name
    copy.write_text(text.replace("/opt/storefront/bin/storefront", str(tmp_path / "storefront")))
    for words in (["verify"], ["security", "--offline=true", "--threshold=20"]):
        judged = subprocess.run([program, *words, copy], capture_output=True, text=True, check=False)
        assert judged.returncode == 0, judged.stdout + judged.stderr
    assert judged.stderr == ""


def commands_in(text: str) -> list[list[str]]:
    """Return each `storefront …`: its command in up to two words, then its options."""
    found = []
    for line in text.replace('", "', " ").splitlines():
        for call in re.findall(r"storefront ([a-z]+ [^&\"]*|[a-z]+$)", line):
            words = call.split()
            if words[0] in main.commands:
                name = list(takewhile(lambda word: not word.startswith("-"), words[:2]))
                found.append([*name, *(word for word in words if word.startswith("--"))])
    return found


@pytest.mark.parametrize("path", [*UNITS, *COMPOSE, DEPLOY / "Dockerfile"], ids=lambda path: path.name)
def test_calls_only_commands_that_there_are(path: Path) -> None:
    commands = commands_in(path.read_text().replace('"]', ""))
    assert commands
    for words in commands:
        shown = CliRunner().invoke(main, [*(word for word in words if not word.startswith("--")), "--help"])
        assert shown.exit_code == 0, words
        assert all(word in shown.output for word in words if word.startswith("--")), words


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_names_only_services_volumes_and_files_that_there_are(path: Path) -> None:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    services = document["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            healthy = (
                services[other].get("healthcheck", {}).get("test") or services[other]["image"] == "storefront"
            )
            assert how["condition"] != "service_healthy" or healthy, (name, other)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            known = source in document["volumes"] or (path.parent / source).is_file()
            assert known, (name, volume)
        if "build" in service:
            assert (path.parent / service["build"]["context"]).resolve() == ROOT
            assert (ROOT / service["build"]["dockerfile"]).is_file()
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - where a backup keeps its login
        else:
            assert re.fullmatch(r"[a-z]+:\d+", service["image"])


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_gives_the_shop_settings_that_it_takes(path: Path) -> None:
    example = (DEPLOY / "compose" / "shop.env.example").read_text()
    given = dict(line.split("=", 1) for line in example.splitlines() if not line.startswith("#"))
    services = yaml.safe_load(path.read_text())["services"]
    shop = next(service for service in services.values() if service["image"] == "storefront")
    given |= {name: re.sub(r"\$\{.*\}", "a", value) for name, value in shop["environment"].items()}
    with pytest.raises(SettingsError) as refused:
        load_settings(given)
    assert {problem.split(" ")[0].split("=")[0] for problem in refused.value.problems} == {
        "SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY",
    }, refused.value.problems  # fmt: skip
    filled = {"SECRET_KEY": sha256(b"a shop").hexdigest(), "STRIPE_SECRET_KEY": f"sk_test_{'4x' * 12}"}
    filled["STRIPE_PUBLISHABLE_KEY"] = f"pk_test_{'4x' * 12}"
    settings = load_settings(given | filled | {"METRICS_TOKEN": "a-token-for-tests"})
    assert settings.trusted_proxies == 1
    readme = (ROOT / "README.md").read_text()
    assert [name for name in given if f"`{name}`" not in readme] == []


def test_names_in_the_docs_only_services_that_their_file_has() -> None:
    services = {path.name: yaml.safe_load(path.read_text())["services"] for path in COMPOSE}
    docs = "".join(path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))))
    named = re.findall(r"docker compose (?:--file (\S+) )?(?:exec|logs|run|restart) ([a-z]+)", docs)
    assert {file for file, _service in named} == {"", "compose.sqlite.yaml"}
    assert [service for file, service in named if service not in services[file or "compose.yaml"]] == []


def test_copies_into_the_image_what_it_is_built_from() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = [line.removeprefix("!") for line in lines if line.startswith("!")]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    names = {name for words in copied for name in words.split()}
    assert names == set(let_in)
    assert all((ROOT / name).exists() for name in names)
    build = (ROOT / "pyproject.toml").read_text()
    assert 'packages = ["storefront"]' in build
    assert all(fnmatch(name, "*.*") or name in build for name in names)


def test_has_in_the_image_the_tools_that_back_up_the_database_of_compose() -> None:
    """Of the server's version, and from the release of Debian that has it."""
    server = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())["services"]["database"]["image"]
    stages = re.split(r"^FROM ", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    assert {re.split(r"\s", stage)[0].rsplit("-", 1)[1] for stage in stages} == {"trixie"}
    (client,) = re.findall(r"apt-get install .*\bpostgresql-client-(\d+)", stages[-1])
    assert (client, server) == ("17", "postgres:17")


def test_installs_no_version_that_it_was_not_tested_with() -> None:
    """Each line either has the pinned versions with their hashes, or installs the shop alone."""
    texts = (DEPLOY / "Dockerfile", ROOT / "Makefile", ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    lines = [line for path in texts for line in re.findall(r"\b(?:pip|PIP\)).* install .+", path.read_text())]
    pinned = [line for line in lines if re.search(r"--require-hashes (-r|--requirement) requirements", line)]
    alone = [line for line in lines if "--no-deps" in line]
    assert [line for line in lines if line not in (*pinned, *alone)] == ["PIP) install uv"]  # which makes the pins
    assert len(pinned) == len(alone) + 1  # the list of parts has no shop


def test_speaks_only_of_files_that_there_are() -> None:
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for name in re.findall(r"(?<![\w/])deploy/[\w./*-]+", document.read_text()):
            assert list(ROOT.glob(name.rstrip("/."))), (document.name, name)


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"storefront_[a-z_]+", expression))


def shown_names(app: Flask) -> set[str]:
    """Every name that /metrics knows, once something was measured and reconciled."""
    with app.app_context():
        for name in (STRIPE_SECONDS, SMTP_SECONDS):
            measurements().time(name, "ok", 0.1)
        flush(only_when_due=False)
    page = app.test_client().get("/metrics").text
    declared = set(re.findall(r"^# TYPE (\S+)", page, re.MULTILINE))
    return (
        declared | set(re.findall(r"^(storefront_\w+)", page, re.MULTILINE)) | {"storefront_reconcile_age_seconds"}
    )


def test_watches_figures_that_there_are(app: Flask) -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
    board = json.loads((DEPLOY / "grafana" / "storefront.json").read_text())
    expressions = [rule["expr"] for rule in rules]
    expressions += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len(expressions) > 15
    assert {name for expression in expressions for name in names_in(expression)} <= shown_names(app)


def test_has_an_alert_for_every_warning() -> None:
    """Each code is in one rule by name, or falls to the rule of all others."""
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
    patterns = [match for rule in rules for match in re.findall(r'code(=~|!~)"([^"]+)"', rule["expr"])]
    named = {code for how, codes in patterns if how == "=~" for code in codes.split("|")}
    (others,) = [set(codes.split("|")) for how, codes in patterns if how == "!~"]
    assert named == others
    assert named <= set(CHECKS)


def test_pages_nobody_for_what_any_stranger_can_send() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
    pages = " ".join(rule["expr"] for rule in rules if rule["labels"]["severity"] == "page")
    assert "deliveries_refused" in pages
    assert "signatures_bad" not in pages


def test_names_the_program_where_the_deployment_has_put_it() -> None:
    """A line for cron or Postfix that is right for another folder only would do nothing, each night."""
    texts = {page.name: page.read_text() for page in (ROOT / "docs").glob("*.md")}
    named = {path for text in texts.values() for path in re.findall(r"[\w./]*bin/storefront\b", text)}
    assert named == {"/opt/storefront/bin/storefront"}
    assert "ln -s .venv/bin bin" in texts["deploy.md"]
