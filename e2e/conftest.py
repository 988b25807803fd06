"""One authority and one platform for all end-to-end tests; supervisors and instances end with each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from services import Site


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    with made.world:
        yield made


@pytest.fixture
def site(shared_site: Site) -> Iterator[Site]:
    yield shared_site
    shared_site.tidy()
