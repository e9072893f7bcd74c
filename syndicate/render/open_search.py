"""How browsers find our search: OpenSearch (github.com/dewitt/opensearch)."""

from lxml import etree

from syndicate.config import Config
from syndicate.render import addresses
from syndicate.text import one_line, shorten

_NAMESPACE = "http://a9.com/-/spec/opensearch/1.1/"
_MAX_NAME = 16
"""Characters of a ShortName."""


def write_description(config: Config) -> bytes:
    """Write the document from which a browser adds the search to its own."""
    publication, url = config.publication, addresses.search(config)
    root = etree.Element(f"{{{_NAMESPACE}}}OpenSearchDescription", nsmap={None: _NAMESPACE})
    title = one_line(publication.title)
    for name, text in (
        ("ShortName", shorten(title, _MAX_NAME)),
        ("Description", shorten(one_line(publication.description) or title, 1000)),
        ("Language", publication.language),
        ("InputEncoding", "UTF-8"),
        ("OutputEncoding", "UTF-8"),
    ):
        etree.SubElement(root, f"{{{_NAMESPACE}}}{name}").text = text
    if icon := addresses.icon(config):
        etree.SubElement(root, f"{{{_NAMESPACE}}}Image").text = icon
    template = {"type": "text/html", "method": "get", "template": f"{url}?q={{searchTerms}}"}
    etree.SubElement(root, f"{{{_NAMESPACE}}}Url", template)
    own = addresses.absolute(addresses.OPENSEARCH, config)
    itself = {"type": "application/opensearchdescription+xml", "rel": "self", "template": own}
    etree.SubElement(root, f"{{{_NAMESPACE}}}Url", itself)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
