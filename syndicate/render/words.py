"""The few words that Syndicate itself says to readers, per language.

An article's words follow the article, a page's words the publication. A
language without a table is spoken to in English; adding one is adding a table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.lists import format_list

from syndicate.model.articles import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What the page about feeds says."""

    link: str
    title: str
    promise: str
    what: str
    what_text: str
    choice: str
    how: str
    reader: str
    reader_text: str
    copy: str
    copy_text: str
    paste: str
    paste_text: str
    feeds: str
    formats: str
    everything: str
    list: str
    list_text: str
    list_link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's table."""

    language: str
    skip: str
    home: str
    sections: str
    latest: str
    feeds: str
    breaking: str
    breaking_news: str
    no_breaking: str
    advertisement: str
    by: str
    updated: str
    table: str
    media: str
    on_the_web: str
    video: str
    """What a frame is called that has no title."""
    embedded: str
    consent: str
    agree: str
    decline: str
    full_page: str
    also_in: str
    """What stands before the names of the languages that an article is there in."""
    tags: str
    authors: str
    pages: str
    page: str
    newer: str
    older: str
    everything: str
    """What heads the older pages of all articles."""
    kinds: Mapping[str, str]
    """What stands over the name of a selection, by its kind; nothing over a section."""
    contributed: str
    in_place: str
    last: str
    """What stands before the last of two groups of people, when a plain "and" would mislead."""
    comments: str
    comment_counts: tuple[str, str, str]
    """None, one, many."""
    empty: str
    empty_more: str
    empty_section: str
    withdrawn: str
    withdrawn_title: str
    """The headline of what was taken back, where its old one still stands."""
    withdrawn_at: str
    moved: str
    following: Following

    def count_comments(self, count: int) -> str:
        """Say how many comments there are."""
        return self.comment_counts[min(count, 2)].format(count=count)

    def all_of(self, things: Sequence[str]) -> str:
        """Join things as a sentence does: "A, B, and C"."""
        return str(format_list(list(things), locale=self.language))

    def credit(self, contributors: Sequence[Person]) -> str:
        """Say who contributed, grouped by place in the order given; empty for nobody."""
        places: dict[str | None, list[str]] = {}
        for person in contributors:
            places.setdefault(person.place, []).append(person.name)
        if not places:
            return ""
        groups = [self._group(names, place) for place, names in places.items()]
        _, *others = groups
        misleading = len(others) == 1 and len(contributors) > len(groups)
        people = self.last.join(groups) if misleading else self.all_of(groups)
        return self.contributed.format(people=people)

    def _group(self, names: Sequence[str], place: str | None) -> str:
        together = self.all_of(names)
        return self.in_place.format(names=together, place=place) if place else together


ENGLISH = Words(
    language="en",
    skip="Skip to the content",
    home="Home page",
    sections="Sections",
    latest="Latest",
    feeds="Feeds",
    breaking="Breaking",
    breaking_news="Breaking news",
    no_breaking="There is no breaking news at the moment.",
    advertisement="Advertisement",
    by="By {names}",
    updated="Updated",
    table="Table",
    media="Open the recording",
    on_the_web="Open what is shown here",
    video="Video",
    embedded="Embedded content",
    consent="May advertising and the counting of visits load on this page? They may use cookies.",
    agree="Agree",
    decline="Decline",
    full_page="Read this article on our site",
    also_in="Also in:",
    tags="Tags",
    authors="Authors",
    pages="Pages",
    page="Page {number}",
    newer="Newer stories",
    older="Older stories",
    everything="All stories",
    kinds={"tag": "Tag", "author": "Author", "feed": "Feed"},
    contributed="Reporting was contributed by {people}.",
    in_place="{names} from {place}",
    last=", and ",
    comments="Comments",
    comment_counts=("No comments", "1 comment", "{count} comments"),
    empty="The first edition is being set.",
    empty_more="Nothing has been published yet. Come back soon.",
    empty_section="There is nothing here at the moment.",
    withdrawn="This article has been withdrawn",
    withdrawn_title="[withdrawn] {title}",
    withdrawn_at="It was taken back on {date} and is no longer available.",
    moved="This article has moved",
    following=Following(
        link="Follow",
        title="Follow {publication}",
        promise="With a feed, new articles come to you: all of them, in the order they appear. "
        "You give no name and no address, and you can stop whenever you like.",
        what="What is a feed?",
        what_text="A feed is a list of our newest articles, written so that programs can read it. "
        "Such a program is called a feed reader. You tell it once what you like to follow; "
        "from then on it looks for new articles by itself and shows them in one place, "
        "together with every other paper, blog or podcast you have chosen.",
        choice="You decide what is in it. Nothing is ranked, and nothing is put in between.",
        how="How to follow us",
        reader="Choose a feed reader.",
        reader_text="There are apps for phones and computers, services that run in the browser, "
        "and mail programs that can do it too. Free and open ones are Feeder for Android, "
        "NetNewsWire for iPhone, iPad and Mac, Thunderbird for any computer, and FreshRSS for "
        "a server of your own.",
        copy="Copy the address of a feed.",
        copy_text="They are listed below; the link that says RSS is the one to copy.",
        paste="Paste it into your reader.",
        paste_text="Look for a plus sign, “Add feed” or “Subscribe”. That is all.",
        feeds="Our feeds",
        formats="Each feed comes in three formats that say the same. RSS is the one that every "
        "reader knows.",
        everything="Everything",
        list="All at once",
        list_text="Most readers can import a file with a list of feeds, called OPML. "
        "Ours holds every feed above.",
        list_link="The list of our feeds (OPML)",
    ),
)

GERMAN = Words(
    language="de",
    skip="Zum Inhalt springen",
    home="Startseite",
    sections="Ressorts",
    latest="Neueste Meldungen",
    feeds="Feeds",
    breaking="Eilmeldung",
    breaking_news="Eilmeldung",
    no_breaking="Im Augenblick gibt es keine Eilmeldung.",
    advertisement="Anzeige",
    by="Von {names}",
    updated="Aktualisiert",
    table="Tabelle",
    media="Aufnahme öffnen",
    on_the_web="Eingebetteten Inhalt öffnen",
    video="Video",
    embedded="Eingebetteter Inhalt",
    consent="Dürfen auf dieser Seite Werbung und die Zählung der Besuche geladen werden? "
    "Sie können Cookies verwenden.",
    agree="Zustimmen",
    decline="Ablehnen",
    full_page="Diesen Artikel auf unserer Seite lesen",
    also_in="Auch auf:",
    tags="Schlagwörter",
    authors="Autoren",
    pages="Seiten",
    page="Seite {number}",
    newer="Neuere Beiträge",
    older="Ältere Beiträge",
    everything="Alle Beiträge",
    kinds={"tag": "Schlagwort", "author": "Beiträge von", "feed": "Feed"},
    contributed="Unter Mitarbeit von {people}.",
    in_place="{names} aus {place}",
    last=" sowie ",
    comments="Kommentare",
    comment_counts=("Keine Kommentare", "1 Kommentar", "{count} Kommentare"),
    empty="Die erste Ausgabe wird gerade gesetzt.",
    empty_more="Noch ist nichts erschienen. Schauen Sie bald wieder vorbei.",
    empty_section="Hier steht im Augenblick nichts.",
    withdrawn="Dieser Artikel wurde zurückgezogen",
    withdrawn_title="[zurückgezogen] {title}",
    withdrawn_at="Er wurde am {date} zurückgenommen und ist nicht mehr verfügbar.",
    moved="Dieser Artikel ist umgezogen",
    following=Following(
        link="Abonnieren",
        title="{publication} abonnieren",
        promise="Mit einem Feed kommen neue Artikel zu Ihnen: alle, in der Reihenfolge, in der "
        "sie erscheinen. Sie nennen weder Namen noch Adresse und können jederzeit aufhören.",
        what="Was ist ein Feed?",
        what_text="Ein Feed ist eine Liste unserer neuesten Artikel, geschrieben für Programme. "
        "Ein solches Programm heißt Feedreader. Sie sagen ihm einmal, was Sie lesen möchten; "
        "von da an schaut es selbst nach neuen Artikeln und zeigt sie an einem Ort, zusammen "
        "mit allen anderen Zeitungen, Blogs und Podcasts, die Sie gewählt haben.",
        choice="Sie bestimmen, was darin steht. Nichts wird sortiert, nichts dazwischengeschoben.",
        how="So abonnieren Sie uns",
        reader="Wählen Sie einen Feedreader.",
        reader_text="Es gibt Apps für Telefone und Computer, Dienste im Browser und "
        "Mailprogramme, die das auch können. Frei und quelloffen sind Feeder für Android, "
        "NetNewsWire für iPhone, iPad und Mac, Thunderbird für jeden Computer und FreshRSS für "
        "einen eigenen Server.",
        copy="Kopieren Sie die Adresse eines Feeds.",
        copy_text="Sie stehen weiter unten; kopieren Sie die Adresse des Links „RSS“.",
        paste="Fügen Sie sie in Ihrem Feedreader ein.",
        paste_text="Suchen Sie nach einem Pluszeichen, „Feed hinzufügen“ oder „Abonnieren“. "
        "Das ist alles.",
        feeds="Unsere Feeds",
        formats="Jeden Feed gibt es in drei Formaten, die dasselbe sagen. RSS kennt jeder "
        "Feedreader.",
        everything="Alles",
        list="Alle auf einmal",
        list_text="Die meisten Feedreader können eine Liste von Feeds einlesen, eine "
        "OPML-Datei. Unsere enthält alle Feeds von oben.",
        list_link="Die Liste unserer Feeds (OPML)",
    ),
)

_TABLES = {table.language: table for table in (ENGLISH, GERMAN)}


def of(language: str) -> Words:
    """Return the table for a BCP 47 language, or the English one."""
    return _TABLES.get(language.partition("-")[0].lower(), ENGLISH)


@cache
def locale(language: str) -> Locale:
    """Return babel's locale for a BCP 47 language, or the English one."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
