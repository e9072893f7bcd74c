"""Reading takes time in proportion to a file's size, whatever the file repeats."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from syndicate.intake.articles.parallel_parse import parse_file
from syndicate.intake.media.metadata import strip_metadata
from tests.intake.articles.repeated_patterns import ARTICLES, PICTURES
from tests.linear_time import assert_linear

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ARTICLES)
def test_an_article_is_read_in_linear_time(name, publication, tmp_path):
    config = publication()
    suffix, make = ARTICLES[name]

    def read(size: int) -> Callable[[], object]:
        file = tmp_path / f"{size}{suffix}"
        file.write_bytes(make(size))
        return lambda: parse_file(file, config, save_media=False)

    assert_linear(read)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_stripped_of_its_metadata_in_linear_time(name):
    make = PICTURES[name]

    def strip(size: int) -> Callable[[], object]:
        data = make(size)

        def stripped() -> None:
            with suppress(ValueError):
                strip_metadata(data)

        return stripped

    assert_linear(strip)
