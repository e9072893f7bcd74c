"""The category of a podcast: one of Apple's, or a mistake that names those that there are."""

import pytest

from syndicate.config import load
from tests.config.loading.configurations import PUBLICATION, mistakes, write


@pytest.mark.parametrize(
    "category", ["News", "News/Politics", "TV & Film / After Shows", "History"]
)
def test_a_podcast_has_a_category_of_apple(tmp_path, category):
    text = f'{PUBLICATION}[podcast]\ncategory = "{category}"\n'
    assert load(write(tmp_path, text)).podcast.category == category


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("news", 'expected a category of Apple; did you mean "News"?'),
        ("News/Politic", 'expected a category of Apple; did you mean "News/Politics"?'),
        ("History/Rome", "expected a subcategory of Apple; History has none"),
        ("Comedy/Chess", "the subcategories of Comedy are Comedy Interviews, Improv, Stand-Up"),
        ("Zoology", "expected a category of Apple: Arts, Business, Comedy, "),
        ("", "expected a category of Apple: Arts, Business, Comedy, "),
    ],
)
def test_another_category_of_a_podcast_is_refused(tmp_path, category, expected):
    text = f'{PUBLICATION}[podcast]\ncategory = "{category}"\n'
    [mistake] = mistakes(tmp_path, text)
    line = text.splitlines().index(f'category = "{category}"') + 1
    assert f"config.toml:{line}: podcast.category = " in mistake
    assert expected in mistake
