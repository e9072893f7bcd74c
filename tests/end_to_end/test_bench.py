"""The measurements run: figures are for people to read, so none is judged here."""

import re
import subprocess

import pytest

from bench import corpus, ours, postfix, yardsticks
from syndicate.config import Config
from syndicate.intake.articles.source_file import read_source_file
from tests import ROOT
from tests.browser import CHROMIUM
from tests.cli.fork_server import command_server
from tests.requirements import require

pytestmark = pytest.mark.neighbours


@pytest.fixture
def postfix_tools():
    require(not yardsticks.missing(), f"nothing to measure by: {yardsticks.missing()}")


@pytest.fixture
def own_postfix():
    require(not postfix.missing(), f"no Postfix of our own: {postfix.missing()}")


@pytest.fixture
def printed_by(forked_python):
    """Run a measurement, it and what it starts as forks: nobody looks at the figures."""

    def run(*words: str) -> str:
        done = subprocess.run(
            [forked_python, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_building_is_measured_step_by_step(printed_by):
    printed = printed_by("bench.building", "8", "--rounds", "1", "--no-peers")
    for step in ("import", "first build", "full rebuild", "one changed, running", "start-up"):
        assert step in printed


def test_growth_compares_the_stores(printed_by):
    lines = printed_by("bench.growth", "3", "6", "--repeats", "1").splitlines()
    assert [line.split()[0] for line in lines if "in the store" in line] == ["3", "6"]
    assert sum("MB" in line for line in lines) == 2


@pytest.mark.slow
def test_pages_are_measured_over_a_slow_network(tmp_path, printed_by):
    require(CHROMIUM.exists(), f"{CHROMIUM} is missing")
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles/ferry.md").write_text("---\ntitle: Ferry\n---\nIt came.\n")
    (tmp_path / "config.toml").write_text(ours.CONFIG)
    printed = printed_by("bench.pages", "--rounds", "1", "--publication", str(tmp_path))
    for path in ("/", "/articles/ferry/", "/subscribe/"):
        assert re.search(rf"^{path} +\d+ ms  0\.0000 +[\d,]+ +\d$", printed, re.MULTILINE)


def test_signatures_are_measured_alone_together_and_beside_a_strangers(printed_by):
    printed = printed_by("bench.signing", "--rounds", "1")
    for way in ("bare RSA-2048", "ours, RSA-2048, together", "ours, Ed25519", "dkimpy, RSA-2048"):
        assert re.search(rf"{way}.* [\d,]+ +\d\.\d\d$", printed, re.MULTILINE)


def test_the_corpus_is_the_same_every_time_and_of_the_stated_size():
    stories = list(corpus.stories(100))
    assert stories == list(corpus.stories(100))
    assert all(2500 < len(story.body) < 6000 for story in stories)
    assert [story.date for story in stories] == sorted(story.date for story in stories)
    assert stories[0].date == corpus.FIRST
    assert stories[-1].date == corpus.NEWEST


def test_what_is_revised_is_a_revision_of_the_same_article(tmp_path):
    config = Config.model_validate({
        "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"},
        "root": tmp_path,
    })  # fmt: skip
    newest = corpus.write(tmp_path / "articles", 3)
    before = read_source_file(newest, config)
    corpus.revise(newest, "(1)")
    after = read_source_file(newest, config)
    assert (after.slug, after.revision.date) == (before.slug, before.revision.date)
    assert after.revision.title == f"{before.revision.title} (1)"
    assert after.source != before.source


@pytest.mark.parametrize("site", ["hugo", "eleventy", "eleventy-nunjucks", "pelican"])
def test_each_peer_has_a_site_with_amp_and_the_three_formats(site):
    text = "".join(
        file.read_text(encoding="utf-8")
        for file in (ROOT / "bench" / "sites" / site).rglob("*")
        if file.is_file()
    )
    for part in ("<html amp", "application/ld+json", "rss.xml", "atom.xml", "jsonfeed.org"):
        assert part in text


def test_an_audience_comes_in_twice_and_is_frozen(printed_by):
    lines = printed_by("bench.audience", "60", "--sqlite-only").splitlines()
    steps = ("import", "the same again", *["segment counted"] * 3, "audience frozen")
    assert [line.split("  ")[0] for line in lines] == ["SQLite"] * len(steps)
    for line, step in zip(lines, steps, strict=True):
        assert step in line


@pytest.mark.slow
@pytest.mark.usefixtures("postfix_tools")
def test_deliveries_are_measured_beside_smtp_source_and_a_plain_sender(printed_by):
    printed = printed_by("bench.delivery", "--quick", "--no-npm")
    assert re.match(r"a disk flush took \d+\.\d\d ms", printed)
    for way in ("SQLite", "PostgreSQL", "RSA", "Ed25519", "both"):
        assert re.search(
            rf"^ours, {way} +\d\.\d\d of smtp-source -d, 10 conn", printed, re.MULTILINE
        )
    assert re.search(r"ours, SQLite is \d+\.\d times plain.* \(at least 8", printed)


@pytest.mark.slow
@pytest.mark.usefixtures("postfix_tools")
def test_a_large_ledger_that_is_sent_before_the_rounds_are_over_is_measured_and_its_sender_watched():
    words = ("400", "--rounds", "1", "--seconds", "20", "--sqlite-only")
    # the Pythons that it starts are real: their memory is looked at
    code, printed, errors = command_server().run(ROOT, *words, timeout=300, module="bench.million")
    assert code == 0, errors
    steps = ("400 frozen", "a disk flush", "a message's time", "a message's processor")
    for line, step in zip(
        printed.splitlines(), (*steps, "most memory", "memory gained", "load"), strict=True
    ):
        assert step in line
    assert re.search(r"a message's time .* with 400, [\d,]+ with 200", printed)
    seen = re.search(
        r"most memory +(\d+)\.\d\d MB .* 400 sent; at 10 %, 50 %, 100 %: \d+, \d+, (\d+)", printed
    )
    assert seen
    assert 20 < int(seen[2]) <= int(seen[1]) + 1


@pytest.mark.usefixtures("own_postfix")
def test_all_arrive_through_a_real_postfix_and_none_twice(printed_by):
    assert "100 of 100 arrived: 0 lost, 0 repeated" in printed_by("bench.postfix", "100")


def test_a_stop_is_timed_and_what_it_reported_is_compared_with_what_arrived(printed_by):
    printed = printed_by("bench.stopping", "400", "--rounds", "1", "--sqlite-only")
    assert re.match(r"SQLite +cancel, of 400: \d+\.\d\d s, at most", printed)
    assert "never more than it reported" in printed


def test_reports_are_recorded_by_the_minute(printed_by):
    printed = printed_by("bench.feedback", "5", "--readers", "500", "--sqlite-only")
    assert "SQLite, 500 readers" in printed
    for what in ("by return path", "the reader's 3.", "complaint (ARF)", "by the provider's id"):
        assert re.search(rf"{re.escape(what)} +[\d,]+ +\d+\.\d\d", printed), what
