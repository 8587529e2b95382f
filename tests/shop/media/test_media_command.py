"""`storefront media`: pictures by command."""

from pathlib import Path

from click.testing import CliRunner
from flask import Flask

from tests.cli.commands import done, read_json, refused
from tests.shop.media.drawn import draw, pictures_of, saved


def picture(folder: Path, name: str, width: int = 20) -> str:
    path = folder / name
    path.write_bytes(saved(draw(width, 10)))
    return str(path)


def test_adds_lists_moves_and_removes(app: Flask, command: CliRunner, tmp_path: Path) -> None:
    assert "No pictures yet" in done(command, "media", "list", "twinspot")
    first = read_json(command, "media", "add", "twinspot", picture(tmp_path, "a.png"), "--alt", "A desk")
    assert (first["position"], first["alt"], first["filename"], first["width"]) == (1, "A desk", "a.png", 20)
    assert first["files"][0]["url"].startswith("/media/")
    second = read_json(command, "media", "add", "twinspot", picture(tmp_path, "b.png", 21))
    listed = done(command, "media", "list", "twinspot").splitlines()
    assert [line.split()[:2] for line in listed] == [[str(first["id"]), "cover"], [str(second["id"]), "2"]]
    assert "(no alt text)" in listed[1]
    moved = read_json(command, "media", "move", "twinspot", str(second["id"]), "1")
    assert [view["id"] for view in moved] == [second["id"], first["id"]]
    assert read_json(command, "media", "list", "twinspot") == moved
    removed = read_json(command, "media", "remove", "twinspot", str(second["id"]))
    assert removed == {"id": second["id"], "state": "removed"}
    assert [view.id for view in pictures_of(app)] == [first["id"]]


def test_says_why_it_refuses(app: Flask, command: CliRunner, tmp_path: Path) -> None:
    table = tmp_path / "cover.png"
    table.write_text("name,price\n", encoding="utf-8")
    assert "choose a JPEG, PNG, WebP, AVIF or GIF" in refused(command, "media", "add", "twinspot", str(table))
    assert "no product nothing" in refused(command, "media", "add", "nothing", picture(tmp_path, "a.png"))
    assert "no product nothing" in refused(command, "media", "list", "nothing")
    assert "no picture 7" in refused(command, "media", "remove", "twinspot", "7")
    assert "no picture 7" in refused(command, "media", "move", "twinspot", "7", "1")


def test_says_later_what_a_picture_shows(command: CliRunner, app: Flask, tmp_path: Path) -> None:
    file = picture(tmp_path, "a.png")
    first = read_json(command, "media", "add", "twinspot", file)
    again = read_json(command, "media", "add", "twinspot", file, "--alt", "A desk")
    assert (again["id"], again["alt"]) == (first["id"], "A desk")
    assert read_json(command, "media", "add", "twinspot", file)["alt"] == "A desk"
    number = str(first["id"])
    assert read_json(command, "media", "describe", "twinspot", number, "A lamp")["alt"] == "A lamp"
    assert read_json(command, "media", "describe", "twinspot", number, "")["alt"] == ""
    assert "200" in refused(command, "media", "describe", "twinspot", number, "x" * 201)
    assert refused(command, "media", "describe", "twinspot", "99", "A lamp")
