"""Feed Access Control: marks private feeds for readers and directories.

www.bloglines.com/about/specs/fac-1.0
"""

from lxml import etree

from syndicate.render.feeds.xml_elements import namespaces, tag


def add_restriction(parent: etree._Element) -> None:
    """Ask readers and directories neither to share nor to list the feed.

    The namespace is declared here, so that public feeds don't have it.
    """
    etree.SubElement(
        parent, tag("access:restriction"), {"relationship": "deny"}, nsmap=namespaces("access")
    )
