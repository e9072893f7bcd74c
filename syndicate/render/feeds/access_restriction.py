"""What a feed that is one reader's says to readers and directories that might tell of it.

Feed Access Control, www.bloglines.com/about/specs/fac-1.0.
"""

from lxml import etree

from syndicate.render.feeds.xml_elements import namespaces, tag


def add_restriction(parent: etree._Element) -> None:
    """Ask that the feed is neither shared nor found by others.

    The namespace is declared here, so that public feeds are what they are without it.
    """
    etree.SubElement(
        parent, tag("access:restriction"), {"relationship": "deny"}, nsmap=namespaces("access")
    )
