"""Sitemaps as the schemas define them; tests that use this are marked with `needs_shared`."""

from functools import cache

from lxml import etree

from tests.shared_folder import SHARED

_ALL = """\
<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">
 <xsd:import namespace="http://www.sitemaps.org/schemas/sitemap/0.9" schemaLocation="{folder}/{main}"/>
 <xsd:import namespace="http://www.google.com/schemas/sitemap-image/1.1" schemaLocation="{folder}/sitemap-image.xsd"/>
 <xsd:import namespace="http://www.google.com/schemas/sitemap-news/0.9" schemaLocation="{folder}/sitemap-news.xsd"/>
</xsd:schema>
"""


def complaints(data: bytes) -> list[str]:
    """What the grammars have to say against a sitemap, or against an index of some."""
    tree = etree.fromstring(data)
    grammar = _grammar("siteindex.xsd" if tree.tag.endswith("}sitemapindex") else "sitemap.xsd")
    grammar.validate(tree)
    return [f"{error.line}: {error.message}" for error in grammar.error_log]


@cache
def _grammar(main: str) -> etree.XMLSchema:
    assert SHARED is not None
    folder = (SHARED / "schema").as_uri()
    return etree.XMLSchema(etree.XML(_ALL.format(folder=folder, main=main)))
