"""Fields of shop.toml that say more than words: an address, a currency, the words of consent, a color."""

from dataclasses import replace

from storefront.core.email_addresses import find_address
from storefront.shop.editor.texts import TextRule
from storefront.shop.files.mistakes import Wrong
from storefront.shop.files.nodes import Node
from storefront.shop.files.values import Field, clean, scalar, text
from storefront.shop.looks.palette import check_accent
from storefront.shop.looks.refusals import LooksRefused
from storefront.shop.pages.consent import DEFAULT_TEXT
from storefront.shop.profile.change import find_address_trouble
from storefront.shop.profile.main_currency import read_currency


def currency(name: str, rule: TextRule) -> Field:
    """Return a field for a code of three letters, or nothing."""

    def read(node: Node) -> str:
        word = clean(scalar(node), rule)
        try:
            return read_currency(word)
        except ValueError as error:
            raise Wrong(str(error)) from error

    return replace(text(name, rule), read=read)


def address(name: str, rule: TextRule) -> Field:
    """Return a field for an email address, or nothing."""

    def read(node: Node) -> str:
        word = clean(scalar(node), rule)
        if trouble := find_address_trouble(word):
            raise Wrong(f"{word!r}: {trouble}")
        return (find_address(word) or "") if word else ""

    return replace(text(name, rule), read=read)


def consent(name: str, rule: TextRule) -> Field:
    """Return a field for words that are never empty: without any, those that the shop proposes."""
    return replace(text(name, rule), read=lambda node: clean(scalar(node), rule) or DEFAULT_TEXT)


def accent(name: str) -> Field:
    """Return a field for a color that texts can be read in, or nothing: the shop's own."""

    def read(node: Node) -> str:
        try:
            return check_accent(scalar(node))
        except LooksRefused as refused:
            raise Wrong(str(refused)) from refused

    return Field(name=name, column=name, read=read, write=str, schema={"type": "string"})
