"""The pagination of lists, divided among several processes."""

import pytest

from syndicate.publish.build import tasks
from syndicate.publish.build.tasks import BuildPlan
from syndicate.publish.records.manifest import Manifest
from syndicate.publish.records.topic_index import ListedArticle, TopicIndex
from syndicate.workers.pool import Shard
from tests.render.feeds.samples import NOON

HOME, LONG, SHORT = ("/", "everything", ""), ("/tags/long/", "tag", "Long"), "/tags/short-{}/"


@pytest.fixture
def plan(tmp_path, publication, monkeypatch):
    """A list of everything and one of a tag, of many pages, and five tags with a page each."""
    monkeypatch.setattr(tasks, "PAGE_SIZE", 3)
    with Manifest.opened_for_build(tmp_path) as manifest:
        index = TopicIndex(manifest.database)
        for key in range(1, 41):
            name = SHORT.format(key % 5), "tag", "Short"
            topics = (HOME, LONG) if key > 10 else (HOME, name)
            index.add_all([ListedArticle(article=key, age=-key, id=f"{key:02}", topics=topics)])
        index.count_topics()
        yield BuildPlan(
            index=index, config=publication(), changed=index.topics(), at=NOON, everything=True
        )


def pages(plan, number, count):
    return [page for batch in plan.pages(Shard(number, count)) for page in batch.pages]


@pytest.mark.parametrize("count", [2, 3, 4, 9])
def test_each_page_of_a_list_goes_to_one_process(plan, count):
    alone = [page.address for page in pages(plan, 0, 1)]
    together = [page.address for number in range(count) for page in pages(plan, number, count)]
    assert sorted(together) == sorted(set(alone)) == sorted(alone)


def test_the_newest_page_goes_with_the_pages_of_the_same_articles(plan):
    last = pages(plan, 1, 2)
    numbered = {key for page in last if page.number for key in page.articles}
    newest = [page for page in last if page.topic.home in {HOME[0], LONG[0]} and not page.number]
    assert [page.address for page in newest] == ["/latest/", "/tags/long/"]
    assert all(numbered.issuperset(page.articles) for page in newest)
