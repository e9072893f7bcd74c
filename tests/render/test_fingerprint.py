"""What makes the next build render everything again."""

import pytest

from syndicate import render
from syndicate.render import fingerprint
from syndicate.render.templates import Templates


@pytest.fixture
def own(tmp_path):
    """A publication's own template."""
    file = tmp_path / "templates/page/story.html"
    file.parent.mkdir(parents=True)
    file.write_text("<p>Story</p>")
    return file


def test_a_template_of_ones_own_that_changes_moves_or_goes_is_noticed(publication, tmp_path, own):
    def seen():
        return fingerprint(publication(), Templates(tmp_path / "templates"))

    found = [seen()]
    assert seen() == found[0]
    own.write_text("<p>Another</p>")
    found.append(seen())
    moved = own.rename(own.with_name("stories.html"))
    found.append(seen())
    moved.unlink()
    found.append(seen())
    assert len(set(found)) == 4
    assert found[-1] == fingerprint(publication(), Templates(tmp_path / "nowhere"))


def test_templates_of_ours_that_came_with_an_upgrade_are_noticed(monkeypatch, tmp_path, own):
    monkeypatch.setattr(render, "PACKAGED", tmp_path / "templates")
    before = render._code.__wrapped__()
    own.write_text("<p>Another</p>")
    assert render._code.__wrapped__() != before


def test_a_config_that_changes_is_noticed(publication):
    first = fingerprint(publication(), Templates())
    assert fingerprint(publication(amp={"enabled": False}), Templates()) != first
