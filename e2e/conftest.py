"""One authority and one platform for all end-to-end tests; supervisors and instances end with each test.

When all have ended, no file holds a secret, and the tables of ``spec/`` allow all that was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator

import hygiene
import pytest
import traces
from services import Site


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    with made.world:
        yield made
        kept, others = hygiene.at_the_end(made)
    found = hygiene.after_the_suite(made, kept, others)
    assert not found, f"the tests leave secrets in files: {found}"
    traces.replay(made.home)


@pytest.fixture
def site(shared_site: Site) -> Iterator[Site]:
    yield shared_site
    shared_site.tidy()
