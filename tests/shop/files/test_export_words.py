"""What `storefront shop export` says of what it wrote, and of what is in no folder."""

from pathlib import Path

from flask import Flask

from tests.support.terminal import Run


def test_says_what_no_folder_holds(app: Flask, run: Run, tmp_path: Path) -> None:
    words = "Not in it: discounts, prepared answers, imported keys and buyers. A backup has them."
    said = run("discounts", "create", "SPRING", "--percent", "20")
    assert said.exit_code == 0, said.output
    for _time in range(2):
        assert words in run("shop", "export", str(tmp_path / "shop")).output
    assert not [
        path for path in (tmp_path / "shop").rglob("*") if path.is_file() and b"SPRING" in path.read_bytes()
    ]
