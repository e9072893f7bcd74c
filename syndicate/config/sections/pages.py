"""`[pages]`: the hosts whose frames pages show."""

from pydantic import Field

from syndicate.config.values import Host, Table

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

    embed_hosts: tuple[Host, ...] = Field(
        default=EMBED_HOSTS,
        description='Whose frames articles may show; "*.example.org" is all below, "*" is anybody.',
    )
