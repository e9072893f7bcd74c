"""`[preflight]`: which mistakes in an edition are looked for before it is sent."""

from typing import Annotated, Literal

from pydantic import Field

from syndicate.config.values import Table, matching

PreflightLevel = Literal["error", "warning", "off"]
"""What a mistake does: the edition waits for a person, it is only reported, or it isn't looked for.
"""
OwnPath = Annotated[str, matching(r"/[^\s?#]*", 'a path such as "/shop/"')]


class PreflightSettings(Table):
    """What an edition is checked for before it is sent; with an "error" it waits for a person."""

    empty_subject: PreflightLevel = "error"
    """A subject without a word."""
    dead_link: PreflightLevel = "error"
    """A link to a page of ours that doesn't exist. Nobody else's links are checked."""
    repeated_story: PreflightLevel = "error"
    """A story that is in it twice."""
    no_unsubscribe: PreflightLevel = "error"
    """No unsubscribe link, in the HTML or in the text."""
    too_large: PreflightLevel = "warning"
    """HTML over 90 KB: Gmail cuts it off at 102 KB."""
    missing_alt: PreflightLevel = "warning"
    """A picture without alternative text."""
    tk: PreflightLevel = "warning"
    """TK as a word, the mark of what is to come."""
    lorem_ipsum: PreflightLevel = "warning"
    """Filler text: lorem ipsum."""
    template_code: PreflightLevel = "warning"
    """Code of a template outside of code: {{ or {%."""
    long_subject: PreflightLevel = "warning"
    """A subject over 90 characters."""
    only_pictures: PreflightLevel = "warning"
    """Pictures with hardly any text, less than 200 characters."""
    elsewhere: tuple[OwnPath, ...] = Field((), examples=[["/shop/"]])
    """Paths under publication.url and web.url that something else serves, such as a shop: links
    there aren't checked.
    """
