"""Our hub, against the subscriber of somebody else's project: Flask-WebSub."""

import queue
from threading import Thread

import pytest

from tests.publish.push.subscriber import station

pytestmark = pytest.mark.neighbours

flask_websub = pytest.importorskip("flask_websub.subscriber", reason="pip install flask-websub")


@pytest.fixture
def flask_app(tmp_path):
    """An application with a subscriber that answers, and what that tells of."""
    from flask import Flask
    from werkzeug.serving import make_server

    subscriber = flask_websub.Subscriber(
        flask_websub.SQLite3SubscriberStorage(str(tmp_path / "kept.db")),
        flask_websub.SQLite3TempSubscriberStorage(str(tmp_path / "asked.db")),
    )
    told: queue.Queue[tuple[object, ...]] = queue.Queue()
    subscriber.add_listener(lambda *values: told.put(("content", *values)))
    subscriber.add_success_handler(lambda *values: told.put(("success", *values)))
    subscriber.add_error_handler(lambda *values: told.put(("error", *values)))
    app = Flask(__name__)
    app.register_blueprint(subscriber.build_blueprint(url_prefix="/callbacks"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    app.config["SERVER_NAME"] = f"127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    with app.app_context():
        yield subscriber, told
    server.shutdown()
    thread.join()


@pytest.mark.parametrize("path", ["/rss.xml", "/atom.xml", "/feed.json"])
def test_it_finds_the_hub_subscribes_renews_is_sent_what_is_new_and_leaves(
    sqlite_store, publication, flask_app, path
):
    subscriber, told = flask_app
    with station(sqlite_store, publication) as post:
        topic = post.url + path
        found = flask_websub.discover(topic)
        assert found == {"hub_url": f"{post.url}/hub", "topic_url": topic}
        callback = subscriber.subscribe(**found, lease_seconds=7200)
        post.run()
        assert told.get(timeout=60) == ("success", topic, callback, "subscribe")
        post.publish("second")
        post.run()
        assert told.get(timeout=60) == ("content", topic, callback, post.fetch(path).content)
        subscriber.renew(callback)
        post.run()
        assert told.get(timeout=60) == ("success", topic, callback, "subscribe")
        subscriber.unsubscribe(callback)
        post.run()
        assert told.get(timeout=60) == ("success", topic, callback, "unsubscribe")
        post.publish("third")
        assert post.run().delivered == 0
        assert told.empty()
