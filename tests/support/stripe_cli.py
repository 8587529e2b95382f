"""Finds and drives the official Stripe command line, without touching its user's settings."""

import os
import shutil
import subprocess
from pathlib import Path

from storefront.core.config.settings import ROOT
from tests.support.databases import missing

HOW_TO_GET_IT = "Stripe CLI not found: `npm install --no-save @stripe/cli` here, or set STRIPE_CLI to its path"


def find_stripe_cli() -> Path:
    """Skips with a line that says how to get it; in CI it must be there."""
    local = ROOT / "node_modules" / ".bin" / "stripe"
    for program in (os.environ.get("STRIPE_CLI"), shutil.which("stripe"), local if local.exists() else None):
        if program:
            return Path(program)
    missing(HOW_TO_GET_IT)
    raise AssertionError("missing() always ends the test")


def trigger(cli: Path, home: Path, url: str, key: str, name: str, *more: str) -> str:
    """`stripe trigger NAME` against the sandbox; returns all it said."""
    done = subprocess.run(
        [cli, "trigger", name, "--api-base", url, "--api-key", key, *more],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
