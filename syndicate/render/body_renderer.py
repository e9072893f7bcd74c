"""Bodies as a channel shows them: galleys joined, and cut first where there is none yet."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from syndicate.body import compile_body, is_current
from syndicate.config import Config
from syndicate.model.articles import Article
from syndicate.model.compiled_body import BodyJoiner, Channel, CompiledBody
from syndicate.render import addresses, ui_strings


@dataclass(frozen=True, slots=True)
class BodyRenderer:
    """The bodies of a publication's articles for one channel, as HTML."""

    joiner: BodyJoiner
    language: str
    """Of articles that name none."""

    @classmethod
    def of(cls, config: Config, channel: Channel) -> Self:
        """Set bodies for a channel of a publication; pages alone have no need of its host."""
        if channel == "page":
            joiner = BodyJoiner(channel=channel, base=addresses.base(config))
        else:
            parts = urlsplit(config.url)
            origin = f"{parts.scheme}://{parts.netloc}"
            joiner = BodyJoiner(channel=channel, base=config.url, origin=origin)
        return cls(joiner, config.publication.language)

    def set(self, article: Article, galley: CompiledBody | None = None) -> tuple[str, str]:
        """Return lead figure and body; a galley that older rules have cut is cut again."""
        galley = ensure_current(article, galley)
        said = ui_strings.page_strings(article.language or self.language)

        def word(name: str) -> str:
            return str(getattr(said, name))

        return self.joiner.join(galley.opening, word), self.joiner.join(galley.body, word)


def ensure_current(article: Article, galley: CompiledBody | None) -> CompiledBody:
    """Return a galley by this version's rules."""
    if galley is not None and is_current(galley):
        return galley
    return compile_body(article, slug=article.slug)
