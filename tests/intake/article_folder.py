"""A newsroom for tests: files on disk, a store, and the import between them."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from syndicate.config import Config
from syndicate.intake.articles.article_files import find_article_files
from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import ImportResult
from syndicate.model.articles import Article
from syndicate.store import Store

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@dataclass
class ArticleFolder:
    config: Config
    store: Store

    def write(self, name: str, text: str | bytes) -> Path:
        file = self.config.root / "articles" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def add(self, name: str, body: str = "The tram is back.", **head: object) -> Path:
        lines = "".join(f"{key}: {value}\n" for key, value in {"title": "Tram", **head}.items())
        return self.write(name, f"---\n{lines}---\n{body}\n")

    def import_all(
        self, *paths: Path, at: datetime = MONDAY, dry_run: bool = False
    ) -> list[ImportResult]:
        files = find_article_files(paths or [self.config.root / "articles"])
        return list(import_articles(self.store, self.config, files, at=at, dry_run=dry_run))

    def import_one(self, path: Path, **how: object) -> ImportResult:
        (result,) = self.import_all(path, **how)  # type: ignore[arg-type]
        return result

    def all(self) -> list[Article]:
        with self.store.read() as tx:
            return tx.articles.all()

    def only(self) -> Article:
        (article,) = self.all()
        return article

    def by_slug(self, slug: str) -> Article | None:
        with self.store.read() as tx:
            return tx.articles.by_slug(slug)

    def retract(self, slug: str) -> None:
        with self.store.write() as tx:
            article = tx.articles.by_slug(slug)
            assert article is not None
            tx.articles.retract(article, TUESDAY)


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), **how: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 30, 90)).save(file, kind, **how)
    return file.getvalue()
