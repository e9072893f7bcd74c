"""The UI strings of pages and feeds, in every language that there is a catalogue for.

Those around an article are in its language, all others in the publication's. To add one, add a
field and its English text, run `make words`, and translate it in
`locale/*/LC_MESSAGES/syndicate.po`; until then other languages show it in English.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.lists import format_list

from syndicate.language import PluralText, msgid, plural, translate
from syndicate.model.articles import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPageStrings:
    """The strings of the page about feeds."""

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
    by_mail: str
    by_mail_text: str
    email: str
    name: str
    optional: str
    newsletters: str
    trap: str
    sign_up: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageStrings:
    """The strings of one language; `{…}` is filled in by `str.format`."""

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
    """The title of a video frame that has none."""
    embedded: str
    consent: str
    agree: str
    decline: str
    full_page: str
    also_in: str
    """Before the names of the languages of an article's translations."""
    tags: str
    authors: str
    pages: str
    page: str
    newer: str
    older: str
    everything: str
    """The heading of the list of everything."""
    kinds: Mapping[str, str]
    """Above the name of a topic, by its kind; nothing above a section."""
    contributed: str
    in_place: str
    last: str
    """Before the last of two groups of people, when a plain "and" would mislead."""
    comments: str
    no_comments: str
    comment_counts: PluralText
    empty: str
    empty_more: str
    empty_section: str
    withdrawn: str
    withdrawn_title: str
    """The headline in feeds of a retracted article."""
    withdrawn_at: str
    moved: str
    following: FeedPageStrings

    def count_comments(self, count: int) -> str:
        """Return the number of comments as text."""
        return self.comment_counts.format(count=count) if count else self.no_comments

    def all_of(self, items: Sequence[str]) -> str:
        """Join items as in a sentence: "A, B, and C"."""
        return str(format_list(list(items), locale=locale(self.language)))

    def credit(self, contributors: Sequence[Person]) -> str:
        """Return who contributed, grouped by place in the given order; empty for nobody."""
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
        people = self.all_of(names)
        return self.in_place.format(names=people, place=place) if place else people


ENGLISH = PageStrings(
    language="en",
    skip=msgid("Skip to the content"),
    home=msgid("Home page"),
    sections=msgid("Sections"),
    latest=msgid("Latest"),
    feeds=msgid("Feeds"),
    breaking=msgid("Breaking"),
    breaking_news=msgid("Breaking news"),
    no_breaking=msgid("There is no breaking news at the moment."),
    advertisement=msgid("Advertisement"),
    by=msgid("By %(names)s"),
    updated=msgid("Updated"),
    table=msgid("Table"),
    media=msgid("Open the recording"),
    on_the_web=msgid("Open what is shown here"),
    video=msgid("Video"),
    embedded=msgid("Embedded content"),
    consent=msgid(
        "May advertising and the counting of visits load on this page? They may use cookies."
    ),
    agree=msgid("Agree"),
    decline=msgid("Decline"),
    full_page=msgid("Read this article on our site"),
    also_in=msgid("Also in:"),
    tags=msgid("Tags"),
    authors=msgid("Authors"),
    pages=msgid("Pages"),
    page=msgid("Page %(number)s"),
    newer=msgid("Newer stories"),
    older=msgid("Older stories"),
    everything=msgid("All stories"),
    kinds={"tag": msgid("Tag"), "author": msgid("Author", "over a name"), "feed": msgid("Feed")},
    contributed=msgid("Reporting was contributed by %(people)s."),
    in_place=msgid("%(names)s from %(place)s"),
    # Translators: before the last of two groups, "Ada and Bo from Rome, and Cy from Oslo".
    last=msgid(", and "),
    comments=msgid("Comments"),
    no_comments=msgid("No comments"),
    comment_counts=plural("1 comment", "%(num)s comments"),
    empty=msgid("The first edition is being set."),
    empty_more=msgid("Nothing has been published yet. Come back soon."),
    empty_section=msgid("There is nothing here at the moment."),
    withdrawn=msgid("This article has been withdrawn"),
    withdrawn_title=msgid("[withdrawn] %(title)s"),
    withdrawn_at=msgid("It was taken back on %(date)s and is no longer available."),
    moved=msgid("This article has moved"),
    following=FeedPageStrings(
        link=msgid("Follow"),
        title=msgid("Follow %(publication)s"),
        promise=msgid(
            "With a feed, new articles come to you: all of them, in the order they appear. "
            "You give no name and no address, and you can stop whenever you like."
        ),
        what=msgid("What is a feed?"),
        what_text=msgid(
            "A feed is a list of our newest articles, written so that programs can read it. "
            "Such a program is called a feed reader. You tell it once what you like to follow; "
            "from then on it looks for new articles by itself and shows them in one place, "
            "together with every other paper, blog or podcast you have chosen."
        ),
        choice=msgid("You decide what is in it. Nothing is ranked, and nothing is put in between."),
        how=msgid("How to follow us"),
        reader=msgid("Choose a feed reader."),
        reader_text=msgid(
            "There are apps for phones and computers, services that run in the browser, "
            "and mail programs that can do it too. Free and open ones are Feeder for Android, "
            "NetNewsWire for iPhone, iPad and Mac, Thunderbird for any computer, and FreshRSS for "
            "a server of your own."
        ),
        copy=msgid("Copy the address of a feed."),
        copy_text=msgid("They are listed below; the link that says RSS is the one to copy."),
        paste=msgid("Paste it into your reader."),
        paste_text=msgid("Look for a plus sign, “Add feed” or “Subscribe”. That is all."),
        feeds=msgid("Our feeds"),
        formats=msgid(
            "Each feed comes in three formats that say the same. RSS is the one that every "
            "reader knows."
        ),
        everything=msgid("Everything"),
        list=msgid("All at once"),
        list_text=msgid(
            "Most readers can import a file with a list of feeds, called OPML. "
            "Ours holds every feed above."
        ),
        list_link=msgid("The list of our feeds (OPML)"),
        by_mail=msgid("Rather by mail?"),
        by_mail_text=msgid(
            "We also write newsletters. You can leave any of them at any time, "
            "with one click in every mail."
        ),
        email=msgid("Email address"),
        name=msgid("Name"),
        optional=msgid("if you like"),
        newsletters=msgid("What would you like to get?"),
        # Translators: the label of a field that people don't see, to catch programs.
        trap=msgid("Leave this field empty"),
        sign_up=msgid("Subscribe"),
    ),
)


def page_strings(language: str) -> PageStrings:
    """Return the strings of a BCP 47 language, or the English ones."""
    return translate(ENGLISH, language)


@cache
def locale(language: str) -> Locale:
    """Return babel's locale for a BCP 47 language, or the English one."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
