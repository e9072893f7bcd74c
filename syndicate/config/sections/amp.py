"""`[amp]`: AMP pages, their analytics and their consent form."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, field_validator

from syndicate.config.values import Line, Name, Table, Url


def _secure(address: str) -> str:
    if not address.lower().startswith("https://"):
        raise ValueError('expected an address that begins with "https://"')
    return address


HttpsUrl = Annotated[Url, AfterValidator(_secure)]


class AnalyticsSettings(Table):
    """An amp-analytics on AMP pages; there is none unless one of its keys is set."""

    type: Name | None = Field(
        default=None, description="The vendor, by AMP's name for it.", examples=["plausible"]
    )
    config: dict[str, Any] = Field(
        default_factory=dict,
        description="Its configuration: requests, triggers, vars and so on, as AMP defines them.",
        examples=[{"vars": {"account": "news.example.org"}}],
    )
    config_url: HttpsUrl | None = Field(
        default=None,
        description="Where more of its configuration is fetched from; an https address.",
        examples=["https://stats.example.org/amp.json"],
    )

    @field_validator("config")
    @classmethod
    def _is_json(cls, config: dict[str, Any]) -> dict[str, Any]:
        try:
            json.dumps(config, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError("expected what JSON can say: no dates, no infinities") from error
        return config

    @property
    def wanted(self) -> bool:
        """Whether pages have analytics."""
        return bool(self.type or self.config or self.config_url)


class ConsentSettings(Table):
    """Ask readers of AMP pages before advertising and analytics load."""

    ask: StrictBool = Field(default=False, description="Whether to ask.")
    question: Line = Field(
        default="",
        description="The question. Default: a built-in one.",
        examples=["May our partners measure how this page is read?"],
    )
    check_url: HttpsUrl | None = Field(
        default=None,
        description="An address with https that says who must be asked (checkConsentHref). "
        "Default: everybody is.",
        examples=["https://news.example.org/consent"],
    )


class AmpSettings(Table):
    """AMP pages."""

    enabled: StrictBool = Field(default=True, description="Whether articles have an AMP page.")
    analytics: AnalyticsSettings = Field(
        default=AnalyticsSettings(),
        description="An amp-analytics on AMP pages; there is none unless one of its keys is set.",
    )
    consent: ConsentSettings = Field(
        default=ConsentSettings(),
        description="Ask readers of AMP pages before advertising and analytics load.",
    )
