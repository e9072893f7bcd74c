"""An editor who writes files about editions, and what becomes of them."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

from syndicate.deliver.outbox import Outbox
from tests.schedule.conftest import ScheduleHarness

EVENING = datetime(2026, 11, 30, 18, tzinfo=UTC)
SLOT = datetime(2026, 12, 1, 6, tzinfo=UTC)
TOMORROW = SLOT + timedelta(days=1)
BRIEFING = {
    "name": "briefing",
    "newsletter": "briefing",
    "cron": "0 7 * * *",
    "timezone": "Europe/Berlin",
    "begin_with": "all",
}
NAME = "2026-12-01-briefing.md"
ADA = "ada@example.org"


class Newsroom(ScheduleHarness):
    """A publication whose editor writes files."""

    def write(self, text: str, name: str = NAME) -> None:
        folder = self.config.root / "editions"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    def remove(self, name: str = NAME) -> None:
        (self.config.root / "editions" / name).unlink()

    def editions(self):
        with self.store.read() as tx:
            return {one.key: (one.state, one.subject) for one in tx.editions.all()}

    def carried(self, key):
        with self.store.read() as tx:
            keys = [item.article for item in tx.editions.items(key)]
            return [article.slug for article in tx.published.articles(keys)]

    def fire(self):
        with self.store.read() as tx:
            return tx.fires.recent("briefing", 1)[0]

    def findings(self):
        with self.store.read() as tx:
            return [finding for one in tx.waiting.all() for finding in one.terms.findings]

    def parts(self):
        """HTML and text of the newest mail."""
        (mail, *_) = sorted(Outbox.of(self.config).messages(), key=lambda m: m.name, reverse=True)
        file = self.config.path(self.config.mail.outbox) / mail.name
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        bodies = (message.get_body([kind]) for kind in ("html", "plain"))
        return [body.get_content() for body in bodies if body is not None]
