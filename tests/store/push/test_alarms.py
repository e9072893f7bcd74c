"""The alarms in the store: one for each cause, taken by one process."""

from datetime import UTC, datetime, timedelta

from syndicate.model.alarms import AlarmCause, AlarmKind

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def report(store, at=NOON, text="it failed", **values):
    cause = AlarmCause(
        **{"kind": AlarmKind.SLOT, "subject": "breaking", "text": text, "remedy": "", **values}
    )
    with store.write() as tx:
        tx.alarms.report(cause, at)


def only(store):
    with store.read() as tx:
        [alarm] = tx.alarms.open()
    return alarm


def take(store, at=NOON):
    alarm = only(store)
    with store.write() as tx:
        return tx.alarms.take(alarm, at)


def end(store, at):
    alarm = only(store)
    with store.write() as tx:
        tx.alarms.end(alarm, at)


def test_one_that_goes_on_keeps_its_beginning_and_has_the_newest_text(store):
    report(store)
    report(store, NOON + MINUTE, "it failed again")
    alarm = only(store)
    assert (alarm.since, alarm.seen_at) == (NOON, NOON + MINUTE)
    assert alarm.text == "it failed again"


def test_one_that_comes_back_begins_again(store):
    report(store)
    assert take(store) is not None
    end(store, NOON + MINUTE)
    report(store, NOON + 2 * MINUTE)
    alarm = only(store)
    assert (alarm.since, alarm.over_at) == (NOON + 2 * MINUTE, None)
    assert alarm.notified_at == NOON


def test_it_is_taken_once_an_hour_and_once_when_it_is_over(store):
    report(store)
    stale = only(store)
    assert take(store).notified_at == NOON
    with store.write() as tx:
        assert tx.alarms.take(stale, NOON) is None, "another process has seen the same"
    assert take(store, NOON + 59 * MINUTE) is None
    assert take(store, NOON + 60 * MINUTE) is not None
    end(store, NOON + 61 * MINUTE)
    over = only(store)
    assert take(store, NOON + 61 * MINUTE).over_at == NOON + 61 * MINUTE
    with store.write() as tx:
        assert tx.alarms.take(over, NOON + 62 * MINUTE) is None
    with store.read() as tx:
        assert tx.alarms.open() == []


def test_one_of_each_machine_is_its_own(store):
    for machine in ("web-1", "web-2"):
        report(store, kind=AlarmKind.BUILD, subject="", machine=machine)
    with store.read() as tx:
        assert list(tx.alarms.on(AlarmKind.BUILD, "web-1")) == [""]
        assert len(tx.alarms.open()) == 2


def test_what_has_been_over_for_a_month_is_deleted(store):
    report(store)
    take(store)
    end(store, NOON)
    with store.write() as tx:
        tx.alarms.delete_old(NOON + timedelta(days=29))
        assert len(tx.alarms.open()) == 1
        tx.alarms.delete_old(NOON + timedelta(days=31))
        assert tx.alarms.open() == []
