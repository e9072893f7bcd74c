"""The texts of the newsletter archive, a part of `ui_strings`."""

from dataclasses import dataclass

from syndicate.language import msgid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArchiveStrings:
    """The archive's pages, and the footer of an edition there."""

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
    other_editions: str
    reader_address: str
    """Replaces the address of the reader in public copies."""
    public: str
    public_join: str
    from_mail: str
    gone_title: str
    gone: str


ARCHIVE = ArchiveStrings(
    title=msgid("Newsletters"),
    intro=msgid("What we send by mail, to be read here by everybody."),
    latest=msgid("The latest edition:"),
    all_editions=msgid("All editions"),
    no_edition=msgid("There has been no edition yet."),
    sign_up=msgid("Subscribe"),
    feed=msgid("Feed of this newsletter"),
    page=msgid("Page %(number)s"),
    newer=msgid("Newer editions"),
    older=msgid("Older editions"),
    edition_before=msgid("The edition before"),
    edition_after=msgid("The next edition"),
    other_editions=msgid("Other editions"),
    # Translators: in "You get this because … is subscribed", when the reader isn't known.
    reader_address=msgid("your address"),
    public=msgid("%(publication)s sends “%(newsletter)s” by email."),
    public_join=msgid("Subscribe"),
    from_mail=msgid(
        "Already a subscriber? The links to unsubscribe and to change your preferences "
        "are in the email."
    ),
    gone_title=msgid("This edition can't be read any more"),
    gone=msgid("It isn't kept any longer, or something in it was taken back."),
)
