"""The licenses of production's packages: a new one that nobody has looked at is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from storefront.devtools.licenses import find_licenses, main


@pytest.mark.parametrize(
    ("licenses", "found"),
    [
        ([{"license": {"id": "MIT"}}], {"MIT"}),
        ([{"expression": "Apache-2.0 OR (BSD-2-Clause AND MIT)"}], {"Apache-2.0", "BSD-2-Clause", "MIT"}),
        ([{"license": {"name": "License :: OSI Approved :: Apache Software License"}}], {"Apache-2.0"}),
        ([{"license": {"name": "License :: OSI Approved"}}], set()),
        ([], set()),
    ],
)
def test_reads_licenses_in_every_spelling(licenses: list[dict[str, Any]], found: set[str]) -> None:
    assert find_licenses({"name": "a", "licenses": licenses}) == found


@pytest.mark.parametrize(("license_id", "status"), [("MIT", 0), ("AGPL-3.0-only", 1)])
def test_ends_with_one_for_a_license_that_nobody_has_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], license_id: str, status: int
) -> None:
    path = tmp_path / "sbom.json"
    component = {"name": "tool", "version": "1.0", "licenses": [{"license": {"id": license_id}}]}
    path.write_text(json.dumps({"components": [component]}))
    assert main(str(path)) == status
    written = capsys.readouterr()
    assert license_id in written.out
    assert ("Look at the licenses of: tool." in written.err) is bool(status)
