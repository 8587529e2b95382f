"""The licenses of what a shop in production is made of, read from its CycloneDX list (`make sbom`).

A package whose license nobody has looked at ends it with 1: `make sbom` is then where to look at it.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

# What may be used in a shop and sold with it. LGPL and MPL: as they are, as libraries.
KNOWN = {
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD License", "LGPL-3.0-only", "MIT", "MIT-0", "MIT-CMU",
    "MPL-2.0", "OFL-1.1", "PSF-2.0", "Python-2.0",
}  # fmt: skip
NAMED = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
# Packages that name none in their metadata, by what lies in their repositories.
LOOKED_UP = {"huey": "MIT", "pyrage": "MIT"}


def find_licenses(component: dict[str, Any]) -> set[str]:
    """Return the licenses that a component of the list names, by their SPDX names where there are any."""
    found: set[str] = set()
    for entry in component.get("licenses", []):
        license_ = entry.get("license", {})
        text = entry.get("expression") or license_.get("id") or license_.get("name", "")
        name = text.rpartition(" :: ")[2]
        found.update(part.strip("() ") for part in re.split(r" (?:AND|OR) ", NAMED.get(name, name)))
    found -= {"OSI Approved", ""}
    return found or {LOOKED_UP[name] for name in (component["name"],) if name in LOOKED_UP}


def list_licenses(path: Path) -> tuple[list[str], list[str]]:
    """Return a line for each package, and the names of those whose license is not in `KNOWN`."""
    components = json.loads(path.read_text(encoding="utf-8"))["components"]
    lines, unknown = [], []
    for component in sorted(components, key=lambda one: str(one["name"]).lower()):
        licenses = find_licenses(component)
        names = ", ".join(sorted(licenses)) or "none named"
        lines.append(f"{component['name']:<24} {component['version']:<14} {names}")
        if not licenses or not licenses <= KNOWN:
            unknown.append(component["name"])
    return lines, unknown


def main(path: str) -> int:
    lines, unknown = list_licenses(Path(path))
    sys.stdout.write("\n".join([*lines, f"{len(lines)} packages, listed in {path}", ""]))
    if unknown:
        sys.stderr.write(f"Look at the licenses of: {', '.join(unknown)}.\n")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
