"""Which addresses are the publication's own."""

import pytest

from syndicate.model.old_addresses import is_reserved


@pytest.mark.parametrize(
    ("address", "reserved"),
    [
        ("/", True),
        ("/articles/", True),
        ("/articles/ferry/amp/", True),
        ("/articles/ferry/", False),
        ("/articles/ferry/more/", False),
        ("/hub", True),
        ("/feeds/news/", True),
        ("/search/", True),
        ("/2019/05/tram/", False),
    ],
)
def test_no_old_address_is_one_that_the_publication_serves(address, reserved):
    assert is_reserved(address) is reserved
