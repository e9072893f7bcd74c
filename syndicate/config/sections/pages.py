"""`[pages]`, `[amp]` and `[ads]`: web pages, their AMP versions, and the slots for advertising."""

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, field_validator

from syndicate.config.values import Attribute, Host, Line, Name, Source, Table, Url, matching

EMBED_HOSTS = (
    "www.youtube-nocookie.com",
    "player.vimeo.com",
    "geo.dailymotion.com",
    "player.twitch.tv",
    "embed.ted.com",
    "archive.org",
    "open.spotify.com",
    "embed.podcasts.apple.com",
    "w.soundcloud.com",
    "bandcamp.com",
    "datawrapper.dwcdn.net",
    "flo.uri.sh",
    "e.infogram.com",
    "embed.documentcloud.org",
    "www.google.com",
    "www.openstreetmap.org",
)
"""Players, charts, documents and maps that newsrooms embed."""


class PagesSettings(Table):
    """Web pages."""

    embed_hosts: tuple[Host, ...] = EMBED_HOSTS
    """Whose frames articles may show; "*.example.org" is all below, "*" is anybody."""


HttpsUrl = Annotated[Url, matching("(?i:https)://.*", 'an address that begins with "https://"')]


class AnalyticsSettings(Table):
    """An amp-analytics on AMP pages; there is none unless one of its keys is set."""

    type: Name | None = Field(None, examples=["plausible"])
    """The vendor, by AMP's name for it."""
    config: dict[str, Any] = Field(
        default_factory=dict, examples=[{"vars": {"account": "news.example.org"}}]
    )
    """Its configuration: requests, triggers, vars and so on, as AMP defines them."""
    config_url: HttpsUrl | None = Field(None, examples=["https://stats.example.org/amp.json"])
    """Where more of its configuration is fetched from; an https address."""

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

    ask: StrictBool = False
    """Whether to ask."""
    question: Line = Field("", examples=["May our partners measure how this page is read?"])
    """The question. Default: a built-in one."""
    check_url: HttpsUrl | None = Field(None, examples=["https://news.example.org/consent"])
    """An address with https that says who must be asked (checkConsentHref). Default: everybody is.
    """


class AmpSettings(Table):
    """AMP pages."""

    enabled: StrictBool = True
    """Whether articles have an AMP page."""
    analytics: AnalyticsSettings = AnalyticsSettings()
    consent: ConsentSettings = ConsentSettings()


class AdSlot(Table):
    """An advertising slot; pages, AMP and mail show it where their key is set."""

    html: str = Field("", examples=['<a href="https://ads.example.org/">Your advertisement</a>'])
    """HTML for pages, as it is."""
    amp: dict[str, Attribute] = Field(
        default_factory=dict,
        examples=[{"type": "doubleclick", "width": 320, "height": 50, "data-slot": "/1234/top"}],
    )
    """The attributes of an amp-ad: type, width, height and those of the network."""
    mail: str = Field("", examples=['<a href="https://ads.example.org/">Your advertisement</a>'])
    """HTML for mail: a link and a picture, no script."""
    height: StrictInt = Field(90, ge=1, le=1200)
    """Pixels kept free on pages, so that nothing jumps."""

    @field_validator("amp")
    @classmethod
    def _check_attributes(cls, amp: dict[str, str | int]) -> dict[str, str | int]:
        missing = [name for name in ("type", "width", "height") if name not in amp]
        if amp and missing:
            raise ValueError(f"an amp-ad needs {' and '.join(missing)} as well")
        return amp


Slot = Annotated[
    AdSlot, BeforeValidator(lambda value: {"html": value} if isinstance(value, str) else value)
]


class AdsSettings(Table):
    """Advertising: two slots, empty unless set. A plain string is a slot's `html`."""

    header: Slot = AdSlot()
    """Above the masthead of pages, and at the end of mail."""
    post_top: Slot = AdSlot()
    """Above the text of an article; in mail after its third paragraph, or between the stories."""
    csp_sources: tuple[Source, ...] = Field((), examples=[["https://ads.example.org"]])
    """Hosts that the ads load from, for Content-Security-Policy."""
