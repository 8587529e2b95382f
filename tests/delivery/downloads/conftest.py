"""A book that was sold, and the link to its file."""

import pytest
from flask import Flask

from tests.delivery.downloads.clicks import BOOK
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient) -> Sale:
    return sell(app, sandbox, BOOK)


@pytest.fixture
def link(sale: Sale) -> str:
    return sale.downloads[0].removeprefix(sale.buyer.base_url)
