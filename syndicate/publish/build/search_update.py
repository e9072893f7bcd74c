"""Keeps the search index in step with the store, build after build.

It follows the store by itself: a build that renders everything writes no story again, and an index
that is lost, damaged or ahead of the store is made again from all of them.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from syndicate.publish.records.search_index import (
    DamagedIndexError,
    SearchableStory,
    SearchIndex,
    SearchIndexState,
)
from syndicate.store import Store

_BATCH_SIZE = 200
"""Articles in memory at a time."""


def update_search_index(store: Store, folder: Path, at: datetime, *, everything: bool) -> None:
    """Bring the index of an output folder to what is public at `at`.

    With `everything` it is made again. Raise StoreError; SyndicateError where it can't be written.
    """
    if not everything and _follow(store, folder, at):
        return
    with store.read() as tx:
        change, keys = tx.published.newest_change(), tx.published.keys()
    with SearchIndex.created(folder) as index:
        _write(store, index, keys, at)
        index.finish(SearchIndexState(change, at))


def _follow(store: Store, folder: Path, at: datetime) -> bool:
    """Write what changed since the last build; return whether there was an index to go on from."""
    try:
        with SearchIndex.opened_for_build(folder) as index:
            if index is None:
                return False
            state = index.state()
            with store.read() as tx:
                change = tx.published.newest_change()
                if change < state.change or at < state.at:
                    return False
                keys = tx.published.changed(state.change, since=state.at, at=at)
            _write(store, index, keys, at)
            index.finish(SearchIndexState(change, at))
    except DamagedIndexError:
        return False
    return True


def _write(store: Store, index: SearchIndex, keys: Sequence[int], at: datetime) -> None:
    for start in range(0, len(keys), _BATCH_SIZE):
        with store.read() as tx:
            articles = tx.published.articles(keys[start : start + _BATCH_SIZE])
        for article in articles:
            if article.is_public(at):
                index.put(SearchableStory.of(article))
            else:
                index.remove(article.key)
