"""`[amp]` says what AMP takes, and nothing that its pages would be invalid with."""

import pytest

from syndicate.config.sections.pages import AmpSettings


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"analytics": {"config_url": "http://s.example/a.json"}}, "https://"),
        ({"consent": {"check_url": "http://s.example/ask"}}, "https://"),
        ({"analytics": {"config": {"vars": {"since": float("inf")}}}}, "JSON"),
        ({"analytics": {"type": "Google Analytics"}}, "small letters"),
    ],
)
def test_what_would_spoil_a_page_is_refused(table, said):
    with pytest.raises(ValueError, match=said):
        AmpSettings.model_validate(table)


def test_nothing_is_counted_and_nobody_is_asked_unless_it_is_set():
    amp = AmpSettings()
    assert not amp.analytics.wanted
    assert not amp.consent.ask
    assert AmpSettings.model_validate(
        {"analytics": {"config": {"vars": {"a": 1}}}}
    ).analytics.wanted
