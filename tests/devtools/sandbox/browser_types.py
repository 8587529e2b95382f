"""Holds what the stand-in for Stripe.js gives a page against the types of Stripe's own loader."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from storefront.core.config.settings import ROOT
from tests.devtools.sandbox.node_types import OPTIONS, find_compiler

HOW_TO_GET_IT = "Stripe's types for browsers not found: `npm install --no-save @stripe/stripe-js@10.2.1` here"
# What the objects are called there; `names` are the members that the stand-in's object has.
_CHECKS = """
import type * as stripe from "@stripe/stripe-js";
type Actions = stripe.StripeCheckoutLoadActionsSuccess;
type Absent<Whole, Names extends string> = Exclude<keyof Whole, Names> | Exclude<Names, keyof Whole>;
type None<Names> = [Names] extends [never] ? true : Names;
"""
_OBJECTS = {"sdk": "stripe.StripeCheckoutElementsSdk", "actions": "Actions"}


def find_browser_types() -> Path | None:
    """Return TypeScript's compiler where it and Stripe's types are installed here; in CI they must be."""
    compiler = find_compiler()
    if compiler is not None and (ROOT / "node_modules" / "@stripe" / "stripe-js").exists():
        return compiler
    assert "CI" not in os.environ, HOW_TO_GET_IT
    return None


def type_problems(compiler: Path, folder: Path, sessions: list[Any], names: dict[str, list[str]]) -> str:
    """Return what the compiler says of session objects, and of members that are missing or unknown."""
    lines = [_CHECKS]
    for number, session in enumerate(sessions):
        lines.append(f"export const session{number}: stripe.StripeCheckoutSession = {json.dumps(session)};")
    for name, members in names.items():
        union = " | ".join(json.dumps(member) for member in members)
        lines.append(f"export const {name}: None<Absent<{_OBJECTS[name]}, {union}>> = true;")
    source = folder / "browser.ts"
    source.write_text("\n".join(lines))
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    command = [str(compiler), *OPTIONS, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    said: str = done.stdout
    assert done.returncode == 0 or said, done.stderr
    return said
