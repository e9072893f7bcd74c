"""`[[segments]]`: some of the readers, by an expression."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from syndicate.config.segment_expression import Expression, parse
from syndicate.config.values import Line, Name, Table, parseable


class Segment(Table):
    """Some of the readers, by what is known of them."""

    name: Name
    """Its name in commands and schedules; don't change it."""
    where: Annotated[Line, parseable(parse)] = Field(
        examples=['tag = "vip" and not field.city = "Berlin"']
    )
    """Who is in it, as an expression; docs/audience.md explains it."""
    description: Line = Field("", examples=["Members of the club who live elsewhere."])
    """One sentence for the people who send."""

    @cached_property
    def expression(self) -> Expression:
        """The parsed condition."""
        return parse(self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What the store needs to find the readers of a segment."""

    name: str
    expression: Expression
    language: str
    """The language of readers who chose none."""
    zone: ZoneInfo
    """The zone of its days."""
