"""Makes the pictures of the sample shop once for all tests that need them: drawing all takes most of a minute."""

import fcntl
import hashlib
import json
from base64 import b64decode, b64encode
from dataclasses import asdict
from typing import Any

import pytest

from storefront.shop.media.recode import Format, Recoded, Rendering, recode


def recode_each_once(patch: pytest.MonkeyPatch, factory: pytest.TempPathFactory) -> None:
    """Whoever is first recodes for real; other processes of the same run of tests wait for it."""
    base = factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "recoded"
    folder.mkdir(exist_ok=True)

    def recode_once(content: bytes) -> Recoded:
        with (folder / hashlib.sha256(content).hexdigest()).open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            kept = file.read()
            if kept:
                return _read(json.loads(kept))
            recoded = recode(content)
            json.dump(asdict(recoded), file, default=lambda part: b64encode(part).decode())
            return recoded

    patch.setattr("storefront.shop.media.recode.recode", recode_once)


def _read(values: dict[str, Any]) -> Recoded:
    renderings = tuple(
        Rendering(**part | {"format": Format(part["format"]), "content": b64decode(part["content"])})
        for part in values["renderings"]
    )
    return Recoded(**values | {"renderings": renderings})
