"""The sample shop instead of the tests' own goods, without pictures: bringing them in takes a while."""

from collections.abc import Iterator

import pytest

from storefront.devtools.samples.seed import seed_without_pictures
from tests.support.databases import Databases, databases, shared_folder


@pytest.fixture(scope="session")
def all_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    folder = tmp_path_factory.mktemp("sample-databases")
    with databases(
        folder, seed_without_pictures, shared=shared_folder(tmp_path_factory, "sample-databases")
    ) as made:
        yield made
