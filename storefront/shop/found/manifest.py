"""The web manifest: what phones call the shop on a home screen, and its icons. https://www.w3.org/TR/appmanifest/."""

import json

from storefront.shop.found.faces import icon_face, tag_of
from storefront.shop.looks.palette import SHOPS_OWN
from storefront.shop.profile.read import Profile

SIDES = (192, 512)
GROUND = "#f6f4ee"  # of static/shop.css
SHORT_LETTERS = 12  # below an icon


def _icons(tag: str) -> list[dict[str, str]]:
    return [
        {
            "src": f"/icons/{tag}-{kind}{side}.png",
            "sizes": f"{side}x{side}",
            "type": "image/png",
            "purpose": purpose,
        }
        for kind, purpose in (("", "any"), ("maskable-", "maskable"))
        for side in SIDES
    ]


def write_manifest(profile: Profile) -> bytes:
    """Return it as JSON. Addresses in it are paths, so it is right under every name of the shop."""
    content = {
        "id": "/",
        "name": profile.name,
        "short_name": profile.name if len(profile.name) <= SHORT_LETTERS else profile.name.split()[0],
        "description": profile.tagline,
        "start_url": "/",
        "scope": "/",
        "display": "browser",
        "background_color": GROUND,
        "theme_color": profile.looks.accent or SHOPS_OWN,
        "icons": _icons(tag_of(icon_face(profile))),
    }
    return json.dumps({name: value for name, value in content.items() if value}).encode()
