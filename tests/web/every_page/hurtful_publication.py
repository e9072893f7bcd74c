"""A publication made to hurt: what no layout likes, from files to a running server.

Words of 36 and 80 letters, headlines of 200 characters, Arabic and Hebrew beside left-to-right
text and the reverse, Japanese, stories with no picture and with forty, wide tables, code,
footnotes. `tests/web/every_page/test_every_page.py` looks at all that comes of it.
"""

import json
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageDraw

from syndicate import clock
from syndicate.clock import EPOCH
from syndicate.config import Config
from syndicate.intake.articles.article_files import find_article_files
from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import ImportOutcome
from syndicate.model.editions import Draft, EditionKind, Item
from syndicate.publish.build.publisher import Publisher
from syndicate.render.mail.edition_content import compose_edition
from syndicate.render.templates import Templates
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.editions.archive import PAGE_SIZE
from syndicate.web.server.server import listen
from tests.causes import by_test
from tests.sample_editions import freeze
from tests.web.background_server import running
from tests.web.known_reader import KnownReader, path_of, subscribe_anna
from tests.web.test_outbox import letter, put

LONG = "Donaudampfschifffahrtsgesellschaften"
"""36 letters."""
ENDLESS = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetzesentwurfskommission"
"""More than 80."""
HEADLINE = (
    "The harbour commission, which was to have reported in March, has now asked for a third time "
    "to be given until the autumn, and the council, by nine votes to eight and after six hours, "
    "has said that it may."
)
"""Two hundred characters."""
ARABIC = "وصلت العبّارة إلى الميناء القديم بعد منتصف الليل، وبقي الركّاب على متنها حتى الصباح. "
HEBREW = "המעבורת הגיעה לנמל הישן אחרי חצות, והנוסעים נשארו עליה עד הבוקר. "
JAPANESE = "港湾局は昨夜遅く、霧のため連絡船の運航を翌朝まで見合わせると発表した。"
ENGLISH = "The ferry came in after midnight, and its passengers stayed on board until the morning. "
FILLERS = 20
"""Short stories, so that lists have a second page; not so in Arabic, which only mirrors them."""
PICTURES = 10
"""Different ones; each is shown four times."""


@dataclass(frozen=True)
class HurtfulPublication:
    """A publication on the web, and a reader of it."""

    client: httpx.Client
    store: Store
    config: Config
    anna: KnownReader

    @property
    def origin(self) -> str:
        return str(self.client.base_url).rstrip("/")

    @property
    def reader(self) -> str:
        """The path of the reader's preferences."""
        return self.anna.path

    @property
    def unsubscribe(self) -> str:
        """The path of the reader's way out."""
        return path_of(self.anna.links.unsubscribe(self.anna.key, "breaking"))

    @property
    def view(self) -> str:
        """The path of the reader's own copy of the newest edition."""
        with self.store.read() as tx:
            newest = max(edition.key for edition in tx.editions.all())
        return path_of(self.anna.links.view(newest, self.anna.key))

    def subscribe(self, email: str) -> KnownReader:
        """Subscribe one more reader, for a test that changes what they get."""
        with self.store.write() as tx:
            tx.subscribers.subscribe(email, "breaking", cause=by_test(clock.now()))
            person = tx.subscribers.by_email(email)
        assert person is not None
        return KnownReader(self.client, self.store, self.config, person.key)

    @cached_property
    def hurting(self) -> list[str]:
        """The slugs of the public stories that are unlike each other."""
        names = _stories(self.config.publication.language)
        return [name for name in names if not name.startswith(("filler", "withdrawn"))]


@contextmanager
def hurtful(folder: Path, language: str) -> Iterator[HurtfulPublication]:
    """Bring up the publication in a language, which is that of its direction, and serve it."""
    folder.mkdir(exist_ok=True)
    draw_pictures(folder / "articles")
    write_files(folder, language)
    with ExitStack() as stack:
        listener = listen("127.0.0.1", 0)
        config = Config.model_validate(
            tables(language) | {"web": {"port": listener.getsockname()[1]}, "root": folder}
        )
        store = Store.of(config)
        stack.callback(store.close)
        publish(store, config)
        if language == "en":  # the other's outbox is empty
            put(config.path("outbox"), 1, letter(f"{ENDLESS} {LONG}", html=f"<p>{ENDLESS}</p>"))
        server = stack.enter_context(running(application(store, config), listener))
        client = httpx.Client(base_url=server.url, trust_env=False, timeout=60)
        stack.enter_context(client)
        yield HurtfulPublication(client, store, config, subscribe_anna(client, store, config))


def tables(language: str) -> dict[str, Any]:
    """Return the tables of its config.toml."""
    return {
        "publication": {
            "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "title": f"{LONG}kurier",
            "description": ENDLESS,
            "language": language,
            "postal_address": f"{LONG}\n1 Harbour Street, Exampleton",
        },
        "newsletters": [
            {"name": "breaking", "title": ENDLESS, "description": ENDLESS},
            {"name": "briefing", "title": LONG, "description": LONG},
        ],
        "schedules": [{"name": "briefing", "newsletter": "briefing", "cron": "0 7 * * mon-fri"}],
        "sections": [
            {"title": ENDLESS, "description": f"{ENDLESS} {LONG}", "newsletter": "briefing"},
            {"title": LONG, "description": HEADLINE},
            {"title": "الميناء", "description": ARABIC},
            *({"title": f"Section {number} of the paper"} for number in range(12)),
        ],
        "navigation": {
            "links": [{"title": LONG, "url": "https://shop.example/"}],
            "social": ["https://bsky.app/profile/example.org", "https://social.example/@post"],
        },
        "signup": {
            "fields": [{"name": "city", "label": ENDLESS, "required": True}],
            "per_network": 2,
        },
        "ads": {
            "header": {"html": f"<p>{ENDLESS}</p>", "mail": ENDLESS, "height": 60},
            "post_top": {"html": f"<p>{LONG}</p>", "mail": f"<b>{LONG}</b>", "height": 60},
        },
    }


def publish(store: Store, config: Config) -> None:
    """Take the files in, build, withdraw a story, and freeze an edition of either kind."""
    now = clock.now()
    files = find_article_files([config.root / "articles"])
    for result in import_articles(store, config, files, at=now):
        assert result.outcome is ImportOutcome.NEW, result.reason
    assert not Publisher(store, config).publish(now, number=True).failed
    with store.write() as tx:
        withdrawn = tx.articles.by_slug("withdrawn")
        assert withdrawn is not None
        tx.articles.retract(withdrawn, now)
    assert not Publisher(store, config).publish(now, number=True).failed
    if config.publication.language == "en":
        for _ in range(2 * PAGE_SIZE):
            freeze(store, at=now - timedelta(days=1), links=())
    for kind in (EditionKind.ALERT, EditionKind.DIGEST):
        _freeze(store, config, kind)


def _freeze(store: Store, config: Config, kind: EditionKind) -> None:
    now = clock.now()
    with store.read() as tx:
        articles = tx.published.since(EPOCH, now, limit=30)
    content = compose_edition(
        kind=kind,
        articles=articles[:12],
        more=articles[12:],
        newsletter=config.newsletters[0],
        edition_date=now.astimezone(config.publication.timezone),
        config=config,
        templates=Templates(),
    )
    draft = Draft(
        newsletter="breaking",
        schedule=None,
        kind=kind,
        content=content,
        items=(Item(article=articles[0].key, revision=1),),
        upto=1,
        newest=1,
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    with store.write() as tx:
        tx.editions.add(draft)


# its files


def write_files(folder: Path, language: str) -> None:
    """Write articles, people and own pages, the articles a minute apart."""
    now = clock.now()
    for number, (name, (head, body)) in enumerate(_stories(language).items()):
        date = (now - timedelta(minutes=number + 1)).isoformat(timespec="seconds")
        front = json.dumps({"date": date, **head}, ensure_ascii=False)  # JSON is YAML
        text = f"---\n{front}\n---\n\n{textwrap.dedent(body).strip()}\n"
        (folder / "articles" / f"{name}.md").write_text(text, encoding="utf-8")
    for name, text in {
        "authors/long.md": f"---\nname: {ENDLESS}\nrole: {ENDLESS}\nmail: a@example.org\n---\n\n{ENDLESS}\n",
        "pages/about.md": f"---\ntitle: {ENDLESS}\nfooter: true\n---\n\n## {ENDLESS}\n\n{HEADLINE}\n",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def draw_pictures(folder: Path) -> None:
    """Draw small pictures: forty alike, one with renditions, and some of odd shapes."""
    folder.mkdir(exist_ok=True)
    sizes = {"lead": (1300, 860), "tall": (300, 1400), "flat": (1700, 120), "tiny": (10, 10)}
    sizes |= {f"p{number}": (240, 120 + 5 * number) for number in range(PICTURES)}
    for number, (name, size) in enumerate(sizes.items()):
        picture = Image.new("RGB", size, (40 + 4 * number, 90, 200 - 4 * number))
        ImageDraw.Draw(picture).ellipse((0, 0, *size), fill=(230, 200, 120))
        picture.save(folder / f"{name}.jpg", quality=40)


def _stories(language: str) -> dict[str, tuple[dict[str, Any], str]]:
    """Return front matter and text of each story, by its file's name, the newest first."""
    other, foreign = ("en", ENGLISH) if language == "ar" else ("ar", ARABIC)
    person = {"name": ENDLESS, "url": f"https://{LONG}.example/"}
    long_words = {
        "title": ENDLESS,
        "summary": f"{ENDLESS} {LONG}",
        "section": ENDLESS,
        "tags": [ENDLESS, LONG],
        "authors": [person],
        "contributors": [{"name": ENDLESS, "place": ENDLESS}],
        "comments": {"count": 3, "url": "https://example.org/"},
        "image": {"src": "lead.jpg", "alt": ENDLESS, "caption": ENDLESS, "credit": ENDLESS},
        "breaking": True,
        "sponsor": {"name": ENDLESS, "url": "https://example.org/"},
        "corrections": [{"at": "2026-01-01 14:05", "text": ENDLESS}],
    }
    stories: dict[str, tuple[dict[str, Any], str]] = {
        "long-words": (long_words, _LONG_WORDS),
        "long-headline": (
            {"title": HEADLINE, "breaking": True, "section": LONG, "image": "lead.jpg"},
            f"{HEADLINE}\n\n## {HEADLINE}\n\n{HEADLINE * 4}",
        ),
        "other-direction": (
            {"title": foreign, "summary": foreign, "language": other, "authors": [LONG]},
            _mixed(foreign, "The <b>NAC</b> (عربي) said: ‘12,804’."),
        ),
        "hebrew": (
            {"title": HEBREW * 2, "summary": HEBREW, "language": "he", "section": "הנמל"},
            _mixed(HEBREW, "Karla (IMO 9074729)"),
        ),
        "japanese": (
            {"title": JAPANESE * 4, "summary": JAPANESE * 3, "language": "ja", "tags": ["港"]},
            _mixed(JAPANESE * 6, "連絡船Karla"),
        ),
        "bare": ({"title": "A"}, "A word."),
        "forty-pictures": (
            {"title": "Forty pictures", "image": "tall.jpg"},
            "\n\n".join(f'![Picture {n}](p{n % PICTURES}.jpg "Caption {n}")' for n in range(40)),
        ),
        "odd-pictures": (
            {"title": "Odd pictures", "image": "flat.jpg", "section": LONG},
            _ODD_PICTURES,
        ),
        "tables": ({"title": "Tables and code", "section": LONG}, _TABLES),
        "notes": ({"title": "Footnotes and lists", "section": LONG}, _NOTES),
        "recordings": ({"title": "Recordings", "section": LONG}, _RECORDINGS),
        "withdrawn": ({"title": ENDLESS}, "Text."),
    }
    for number in range(FILLERS if language == "en" else 2):
        title = f"{(LONG, ENDLESS)[number % 2]} {number}"
        head = {"title": title, "section": ENDLESS, "tags": [ENDLESS], "authors": [person]}
        stories[f"filler-{number}"] = (
            {**head, "image": f"p{number % PICTURES}.jpg"} if number % 3 else head,
            LONG,
        )
    return stories


_LONG_WORDS = f"""
    {ENDLESS} `{ENDLESS}` [https://example.org/{ENDLESS}](/) *{ENDLESS}*

    ## {ENDLESS}

    - {ENDLESS}
      1. {ENDLESS}
         - {ENDLESS}

    > {ENDLESS}

    ### {ENDLESS}

    <details><summary>{ENDLESS}</summary><p>{ENDLESS}</p></details>
    """
_ODD_PICTURES = f"""
    ![Tall](tall.jpg "A tall one")

    ![Tiny](tiny.jpg)

    Text ![](tiny.jpg) that goes on.

    ![{ENDLESS}](flat.jpg "{ENDLESS}")

    ![{ENDLESS}](missing-{LONG}.jpg)
    """
_TABLES = f"""
    | {LONG} | Registered | Turnout |
    |---|--:|:-:|
    | {ENDLESS} | 12,804 | 61.3 % |
    | Varnhaven | 1,204,804 | 58.9 % |

    |{"|".join(f" Column {n} " for n in range(14))}|
    |{"---|" * 14}
    |{"|".join(f" {1000 * n + 804:,} votes " for n in range(14))}|
    |{"|".join(f" {LONG} " for _ in range(14))}|

    ```
    {"x" * 300}
    $ syndicate run --config {ENDLESS}
    ```

    Run `{"syndicate-" * 20}` twice.
    """
_NOTES = f"""
    It was late.[^1] The fog came in.[^{LONG}]

    [^1]: {ENDLESS} {HEADLINE}
    [^{LONG}]: A second note.

        With a second paragraph.

    Ferry
    :   A ship that goes to and fro, {ENDLESS}.

    {ENDLESS}
    :   {ENDLESS}

    > [!NOTE]
    > {ENDLESS} {HEADLINE}

    1. One
       > {HEADLINE}
    2. Two

       ```
       {"y" * 120}
       ```

    ***
    """
_RECORDINGS = f"""
    <iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ" title="{ENDLESS}"></iframe>

    <video src="https://media.example/gates.mp4" controls></video>

    <audio src="https://media.example/gates.mp3" controls></audio>

    [{ENDLESS}](https://example.org/{ENDLESS})
    """


def _mixed(text: str, other: str) -> str:
    """Return a body in one script with words of another in each kind of block."""
    return f"""
    {text * 3} {other}

    ## {text}

    - {text} {other}
    - {other}

    > {text} {other}

    | {other} | {text} |
    |---|--:|
    | {text} | 12,804 |

    ![{text}](p1.jpg "{text} {other}")
    """
