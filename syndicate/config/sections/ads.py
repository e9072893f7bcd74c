"""`[ads]`: advertising slots."""

from typing import Annotated

from pydantic import BeforeValidator, Field, StrictInt, field_validator

from syndicate.config.values import Attribute, Source, Table


def _slot(value: object) -> object:
    return {"html": value} if isinstance(value, str) else value


class AdSlot(Table):
    """An advertising slot; pages, AMP and mail show it where their key is set."""

    html: str = Field(
        default="",
        description="HTML for pages, as it is.",
        examples=['<a href="https://ads.example.org/">Your advertisement</a>'],
    )
    amp: dict[str, Attribute] = Field(
        default_factory=dict,
        description="The attributes of an amp-ad: type, width, height and those of the network.",
        examples=[{"type": "doubleclick", "width": 320, "height": 50, "data-slot": "/1234/top"}],
    )
    mail: str = Field(
        default="",
        description="HTML for mail: a link and a picture, no script.",
        examples=['<a href="https://ads.example.org/">Your advertisement</a>'],
    )
    height: StrictInt = Field(
        default=90, ge=1, le=1200, description="Pixels kept free on pages, so that nothing jumps."
    )

    @field_validator("amp")
    @classmethod
    def _check_attributes(cls, amp: dict[str, str | int]) -> dict[str, str | int]:
        missing = [name for name in ("type", "width", "height") if name not in amp]
        if amp and missing:
            raise ValueError(f"an amp-ad needs {' and '.join(missing)} as well")
        return amp


Slot = Annotated[AdSlot, BeforeValidator(_slot)]


class AdsSettings(Table):
    """Advertising: two slots, empty unless set. A plain string is a slot's `html`."""

    header: Slot = Field(default=AdSlot(), description="Above the masthead.")
    post_top: Slot = Field(default=AdSlot(), description="Above the text of an article.")
    csp_sources: tuple[Source, ...] = Field(
        default=(),
        description="Hosts that the ads load from, for Content-Security-Policy.",
        examples=[["https://ads.example.org"]],
    )
