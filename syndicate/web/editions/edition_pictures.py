"""The pictures that represent an edition, on the shelf and in links to it on other sites."""

from syndicate.model.articles import Figure
from syndicate.store import Transaction


def find_pictures(tx: Transaction, edition: int) -> list[Figure]:
    """Return the pictures of our own that represent the stories of an edition, in their order."""
    stories = tx.published.articles([item.article for item in tx.editions.items(edition)])
    return [story.lead for story in stories if story.lead is not None and story.lead.local]
