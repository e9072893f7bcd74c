"""`[[segments]]`: some of the readers, by an expression."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from syndicate.config.segment_expression import Expression, parse
from syndicate.config.values import Line, Name, Table


def _check_expression(text: str) -> str:
    parse(text)
    return text


class Segment(Table):
    """Some of the readers, by what is known of them."""

    name: Name = Field(description="Its name in commands and schedules; don't change it.")
    where: Annotated[Line, AfterValidator(_check_expression)] = Field(
        description="Who is in it, as an expression; docs/audience.md explains it.",
        examples=['tag = "vip" and not field.city = "Berlin"'],
    )
    description: Line = Field(
        default="",
        description="One sentence for the people who send.",
        examples=["Members of the club who live elsewhere."],
    )

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
