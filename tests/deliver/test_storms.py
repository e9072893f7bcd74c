import uuid, sys
CONN=8
import pytest
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs
from syndicate.store import Store
from syndicate.errors import StoreError
from syndicate.deliver.transport import transport
from tests.deliver.papers import *
from tests.deliver.storms import Wire
from tests.deliver.wrecker import Wrecker, repeated

def cfg(publication, port, **mail):
    way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
    return publication(mail=way | {"from": "news@example.org", "connections": CONN} | mail)

@pytest.fixture
def wire(postgresql):
    name = f"storm_{uuid.uuid4().hex}"
    e = create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with e.connect() as c: c.execute(text(f"CREATE DATABASE {name}"))
    with Wire(postgresql, name) as w:
        w.admin = e
        yield w
    e.dispose()

@pytest.mark.parametrize("what", [7,13,17,20,23,27,33,39,41])
def test_probe(wire, publication, what, monkeypatch):
    monkeypatch.setattr("syndicate.deliver.ledger._PATIENCE", 1.5 if what=="gone" else 20)
    store = Store.open(wire.url)
    subscribe(store, *readers(60))
    edition = freeze(store)
    n = 0
    def say(step, line):
        nonlocal n
        if step == "body":
            n += 1
            if n == what:
                if 0:
                    with wire.admin.connect() as c:
                        c.execute(text("select pg_terminate_backend(pid) from pg_stat_activity where datname like 'storm%'"))
                elif 1: wire.lose_the_answer_to_the_next_commit()
                else: wire.cut()
        return None
    with Wrecker(say=say) as server, capture_logs() as logs:
        one = cfg(publication, server.port)
        for minutes in (0, 10):
            try:
                print(hand_over(store, one, transport(one), minutes=minutes))
            except StoreError as e:
                print(type(e), e)
            wire.mend()
            print(states(store, edition.key), len(server.record.bodies), repeated(server.record))
        print([(r.reader,r.whole,r.said) for r in server.record.bodies if not r.whole]); print([(k,r.state.value,r.attempt) for k,r in rows(store, edition.key).items() if r.state!='accepted'][:7])
    store.close()
