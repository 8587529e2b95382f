"""Addresses of pages in a language: `/de/cart` is `/cart` in German. Files and programs have none."""

import re

from flask import g, has_app_context

PREFIX = "language_prefix"  # of `g`: what stands before the addresses of pages now, such as "/de"
# What was bought may have any name, and who may not have it reads why.
PLAIN = re.compile(
    r"/(admin|static|media|looks|v1|webhook|\.well-known|healthz|readyz|metrics)(/|$)"
    r"|(?!/(downloads|account)/).*\.(xml|txt|json|js|css|jpg|png|svg|webmanifest)$"
)


def has_languages(path: str) -> bool:
    """Tell whether people read what is at this path of ours."""
    return not PLAIN.match(path.partition("?")[0])


def in_language(path: str) -> str:
    """Return the path as links say it now: with the language that this page's own address, or this email, has."""
    prefix = prefix_now()
    return prefix + path if prefix and has_languages(path) else path


def prefix_now() -> str:
    return str(g.get(PREFIX, "")) if has_app_context() else ""
