"""Pictures of edition files: no mail leads to one that readers couldn't load."""

import shutil
from datetime import UTC, datetime

from PIL import Image

from tests.schedule.conftest import MINUTE

EVENING = datetime(2026, 11, 30, 18, tzinfo=UTC)
SLOT = datetime(2026, 12, 1, 7, tzinfo=UTC)
BRIEFING = {"name": "briefing", "newsletter": "breaking", "cron": "0 7 * * *", "timezone": "UTC"}


def test_an_edition_whose_picture_could_not_be_published_is_mailed_once_it_is(make_harness):
    desk = make_harness(schedules=[BRIEFING])
    desk.subscribe("ada@example.org")
    desk.tick(EVENING)
    desk.file("ferry", at=EVENING)
    folder, media = desk.config.root / "editions", desk.config.media
    folder.mkdir()
    Image.new("RGB", (900, 600), (11, 92, 138)).save(folder / "map.png")
    (folder / "2026-12-01-briefing.md").write_text("![A map](map.png)\n")
    desk.services.take_in_editions(EVENING)
    away = shutil.move(media, media.with_name("away"))
    (fire,) = desk.tick(SLOT).fires
    assert "editions/2026-12-01-briefing.md: its picture media/" in fire.reason
    assert "isn't published yet, so it isn't mailed" in fire.reason
    assert desk.mail() == []
    shutil.move(away, media)
    desk.tick(SLOT + MINUTE)
    assert desk.mail() == [("ada@example.org", "Breaking: Ferry")]
