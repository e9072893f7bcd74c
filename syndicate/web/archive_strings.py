"""What the archive of editions says, as a part of `web.words`, which tells how to add to it."""

from dataclasses import dataclass

from syndicate.language import marked


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArchiveStrings:
    """The pages of newsletters, and the one of an edition."""

    title: str
    intro: str
    latest: str
    all_editions: str
    no_edition: str
    sign_up: str
    feed: str
    page: str
    newer: str
    older: str
    edition_before: str
    edition_after: str
    neighbours: str
    somebody: str
    """Stands in the place of a reader's address where everybody reads."""
    public: str
    public_join: str
    from_mail: str
    gone_title: str
    gone: str


ARCHIVE = ArchiveStrings(
    title=marked("Newsletters"),
    intro=marked("What we send by mail, to be read here by everybody."),
    latest=marked("The latest edition:"),
    all_editions=marked("All editions"),
    no_edition=marked("There has been no edition yet."),
    sign_up=marked("Subscribe"),
    feed=marked("Feed of this newsletter"),
    page=marked("Page {number}"),
    newer=marked("Newer editions"),
    older=marked("Older editions"),
    edition_before=marked("The edition before"),
    edition_after=marked("The next edition"),
    neighbours=marked("Other editions"),
    # Translators: in "You get this because … is subscribed", where it isn't known who reads.
    somebody=marked("your address"),
    public=marked("{publication} sends “{newsletter}” by email."),
    public_join=marked("Subscribe"),
    from_mail=marked(
        "Already a subscriber? The links to unsubscribe and to change your preferences "
        "are in the email."
    ),
    gone_title=marked("This edition can't be read any more"),
    gone=marked("It isn't kept any longer, or something in it was taken back."),
)
