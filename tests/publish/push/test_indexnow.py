"""IndexNow: which pages a search engine is told of, when, and what its answers mean."""

from datetime import timedelta
from threading import Event

import pytest

from syndicate.publish.push import indexnow
from syndicate.publish.push.change_notifier import ChangeNotifier
from tests.publish.newsroom import Newsroom
from tests.publish.push.endpoints import listening
from tests.render.feeds.samples import NOON

pytestmark = pytest.mark.neighbours

HOME = "https://news.example"
KEY = "5f1e2d3c4b5a69788796a5b4c3d2e1f0"
BUILT = NOON + timedelta(hours=1)
LATER = NOON + timedelta(hours=2)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def engine():
    with listening() as listener:
        listener.status = 200
        yield listener


@pytest.fixture
def room_of(sqlite_store, publication, engine):
    def make(url=HOME, **facts):
        given = {"key": KEY, "endpoint": f"{engine.url}indexnow", **facts}
        return Newsroom(sqlite_store, publication(publication={"url": url}, indexnow=given))

    return make


@pytest.fixture
def room(room_of, engine):
    """A newsroom whose engine knows what was there: a ferry and a tram."""
    made = room_of()
    made.file("ferry")
    made.file("tram")
    made.build()
    told(made)
    assert not engine.posts
    return made


def told(room, *, at=LATER):
    notifier = ChangeNotifier.of(room.store, room.config)
    assert notifier is not None
    return notifier.run(at)


def pages(engine):
    """The paths of the pages that the engine was told of, sorted."""
    named = [url for message in engine.messages for url in message["urlList"]]
    assert all(url.startswith(f"{HOME}/articles/") for url in named)
    return sorted(url.removeprefix(f"{HOME}/articles/").rstrip("/") for url in named)


def waiting(room):
    with room.store.read() as tx:
        return tx.calls.pending()


def test_the_key_is_published_and_goes_when_it_is_taken_out(room):
    assert room.files()[f"{KEY}.txt"] == KEY.encode()
    room.config = room.config.override(
        indexnow=room.config.indexnow.model_copy(update={"key": None})
    )
    room.build()
    assert f"{KEY}.txt" not in room.files()


def test_the_message_is_what_the_protocol_wants(room, engine):
    room.file("bridge")
    room.build()
    assert told(room).submitted == 1
    ((path, _, headers),) = engine.posts
    assert path == "/indexnow"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert engine.messages == [
        {
            "host": "news.example",
            "key": KEY,
            "keyLocation": f"{HOME}/{KEY}.txt",
            "urlList": [f"{HOME}/articles/bridge/"],
        }
    ]


def test_new_changed_and_retracted_articles_are_told_and_no_others(room, engine):
    room.file("bridge")
    room.file("ferry", body="<p>Late again.</p>")
    room.retract("tram")
    room.build()
    told(room)
    assert pages(engine) == ["bridge", "ferry", "tram"]
    engine.forget()
    room.build(at=BUILT + MINUTE)
    told(room)
    assert not engine.posts


def test_a_page_that_changes_while_it_is_submitted_is_submitted_again(room, engine):
    def change_and_tell():
        engine.on_post = lambda: None
        room.file("bridge", body="<p>Closed.</p>")
        room.build(at=BUILT + MINUTE)
        assert told(room).submitted == 1

    room.file("bridge")
    room.build()
    engine.on_post = change_and_tell
    told(room)
    assert pages(engine) == ["bridge", "bridge"]
    assert not waiting(room)


def test_who_moved_is_told_with_the_old_address_and_that_once(room, engine):
    room.file("ferry", renamed="harbour-ferry")
    room.build()
    told(room)
    assert pages(engine) == ["ferry", "harbour-ferry"]
    engine.forget()
    room.file("harbour-ferry", body="<p>Late again.</p>")
    room.build()
    told(room)
    assert pages(engine) == ["harbour-ferry"]


def test_what_is_back_at_its_address_is_told_as_a_page_again(room, engine):
    room.retract("tram")
    room.build()
    told(room)
    room.restore("tram")
    room.build()
    told(room)
    room.retract("tram")
    room.build()
    told(room)
    assert pages(engine) == ["tram", "tram", "tram"]


def test_drafts_and_articles_of_the_future_are_told_when_they_are_public(room, engine):
    room.file("bridge", status="draft")
    room.file("quay", date=BUILT + 30 * MINUTE)
    room.build()
    told(room)
    assert not engine.posts
    room.build(at=BUILT + 45 * MINUTE)
    told(room)
    assert pages(engine) == ["quay"]
    engine.forget()
    room.file("bridge", status="published")
    room.build(at=BUILT + 50 * MINUTE)
    told(room)
    assert pages(engine) == ["bridge"]


def test_what_was_public_and_is_a_draft_again_is_told_as_gone(room, engine):
    room.file("tram", status="draft")
    room.build()
    told(room)
    assert pages(engine) == ["tram"]


def test_what_is_not_built_yet_is_told_after_its_build(room, engine):
    room.file("bridge")
    room.build()
    room.file("quay")  # filed when the build had begun, say
    told(room)
    assert pages(engine) == ["bridge"]
    engine.forget()
    room.build()
    told(room)
    assert pages(engine) == ["quay"]


def test_a_trial_of_an_earlier_time_takes_nothing_back(room, engine):
    room.file("bridge", date=BUILT)
    room.build(at=BUILT + MINUTE)
    told(room)
    engine.forget()
    room.file("tram", body="<p>Changed.</p>")
    room.build(at=BUILT - MINUTE)
    told(room)
    assert not engine.posts
    room.build(at=BUILT + 2 * MINUTE)
    told(room)
    assert pages(engine) == ["tram"]


def test_a_trial_is_told_by_nobody(room, engine):
    room.file("bridge")
    room.build(at=BUILT + MINUTE, trial=True)
    told(room)
    assert not engine.posts
    room.build(at=BUILT + 2 * MINUTE)
    told(room)
    assert pages(engine) == ["bridge"]


def test_a_slow_hub_holds_up_no_engine(room, engine):
    with listening() as hub:
        asked, waited = Event(), []
        hub.on_post = lambda: waited.append(asked.wait(60))
        engine.on_post = asked.set
        hubs = room.config.websub.model_copy(update={"hubs": (hub.url,)})
        room.config = room.config.override(websub=hubs)
        told(room)
        room.file("bridge")
        room.build(at=BUILT + MINUTE)
        assert told(room).submitted == 1
    assert waited
    assert all(waited)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_of_two_processes_that_note_the_same_one_tells(store, room_of, engine, monkeypatch):
    """SQLite lets one of them write at a time."""
    room = room_of()
    room.store = store
    room.build()
    told(room)
    room.file("bridge")
    room.build(at=BUILT + MINUTE)
    looked = indexnow.IndexNowSubmitter._pages

    def while_another_tells(self, *given):
        monkeypatch.undo()
        assert told(room).submitted == 1
        return looked(self, *given)

    monkeypatch.setattr(indexnow.IndexNowSubmitter, "_pages", while_another_tells)
    assert told(room).submitted == 0
    assert pages(engine) == ["bridge"]
    assert not waiting(room)


def test_many_pages_go_in_several_messages(room, engine, monkeypatch):
    monkeypatch.setattr(indexnow, "MAX_URLS", 4)
    monkeypatch.setattr(indexnow, "_BATCH_SIZE", 3)
    for number in range(10):
        room.file(f"story-{number}")
    room.build()
    assert told(room).submitted == 10
    assert [len(message["urlList"]) for message in engine.messages] == [4, 4, 2]
    assert len(set(pages(engine))) == 10


@pytest.mark.parametrize("status", [429, 503])
def test_an_engine_that_is_busy_is_asked_later(room, engine, status):
    engine.status, engine.headers = status, {"Retry-After": "600"}
    room.file("bridge")
    room.build()
    assert told(room).submitted == 0
    engine.forget()
    room.file("quay")
    room.build(at=BUILT + MINUTE)
    told(room, at=LATER + 9 * MINUTE)
    assert not engine.posts
    engine.status = 202
    assert told(room, at=LATER + 10 * MINUTE).submitted == 2
    assert not waiting(room)


def test_an_engine_that_is_down_loses_nothing(room, engine, sqlite_store):
    port = engine.port
    with listening() as other:
        room.config = room.config.override(
            indexnow=room.config.indexnow.model_copy(update={"endpoint": other.url})
        )
        port = other.port
        told(room)
    room.file("bridge")
    room.build()
    assert told(room).problems
    with listening(port) as back:
        told(room, at=LATER + MINUTE)
        assert pages(back) == ["bridge"]


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(400, "indexnow.endpoint"), (403, f"{HOME}/{KEY}.txt"), (422, "publication.url")],
)
def test_a_mistake_is_told_once_with_its_remedy_and_not_tried_again(
    room, engine, status, remedy, capsys
):
    engine.status = status
    room.file("bridge")
    room.build()
    told(room)
    said = "".join(capsys.readouterr())
    assert "[error    ] indexnow refused" in said
    assert remedy in said
    for hours in range(1, 200, 20):
        told(room, at=LATER + timedelta(hours=hours))
    assert len(engine.posts) == 1
    (left,) = waiting(room)
    assert (left.calls, left.due_at) == (1, None)
    room.file("quay")
    room.build()
    told(room)
    assert "indexnow refused" not in "".join(capsys.readouterr()), "it was told once"
    assert pages(engine) == ["bridge", "bridge", "quay"], "with something new, all is tried again"


def test_another_key_has_what_was_refused_tried_again(room, engine):
    engine.status = 403
    room.file("bridge")
    room.build()
    told(room)
    engine.status = 200
    engine.forget()
    other = {"key": "another-key-of-the-site"}
    room.config = room.config.override(indexnow=room.config.indexnow.model_copy(update=other))
    told(room)
    assert pages(engine) == ["bridge"]


def test_addresses_of_where_the_publication_was_are_not_told(room, engine, publication):
    engine.status = 503
    room.file("bridge")
    room.build()
    told(room)
    engine.status = 200
    engine.forget()
    elsewhere = room.config.publication.model_copy(update={"url": "https://other.example"})
    room.config = room.config.override(publication=elsewhere)
    room.config.__dict__.pop("url", None)
    told(room, at=LATER + timedelta(hours=1))
    assert not engine.posts


def test_nothing_is_told_of_a_publication_on_this_machine(room_of):
    assert (
        ChangeNotifier.of(
            room_of("http://127.0.0.1:8000").store, room_of("http://localhost").config
        )
        is None
    )
