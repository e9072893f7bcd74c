"""Recordings: what an article is heard by, found, measured and kept."""

import hashlib

import pytest

from syndicate.intake.articles.article_fields import parse_duration
from syndicate.intake.articles.parallel_parse import ImportOutcome
from syndicate.intake.media.article_media import ArticleMedia
from syndicate.model.articles import Recording
from tests.intake.article_folder import ArticleFolder
from tests.intake.articles.front_matters import fields, refusal
from tests.intake.media import sample_recordings
from tests.intake.media.sample_recordings import mp3
from tests.intake.media.sample_recordings import wav as sound


def heard(articles: ArticleFolder, audio: str):
    filed = articles.import_one(articles.add("a.md", audio=audio))
    assert filed.outcome is not ImportOutcome.REFUSED, filed.reason
    return articles.only().audio, filed.warnings


def test_a_recording_beside_the_article_is_kept_by_its_content(articles):
    articles.write("tram.wav", sound())
    audio, warnings = heard(articles, "{src: tram.wav, title: The first ride}")
    name = f"media/{hashlib.sha256(sound()).hexdigest()[:32]}.wav"
    assert audio == Recording(
        src=name, type="audio/wav", length=len(sound()), duration=3, title="The first ride"
    )
    assert (articles.config.root / name).read_bytes() == sound()
    assert warnings == ()


def test_its_kind_is_that_of_its_content_whatever_it_is_called(articles):
    articles.write("tram.wav", mp3())
    audio, _ = heard(articles, "{src: tram.wav, type: audio/flac, length: 1}")
    assert (audio.type, audio.length, audio.duration) == ("audio/mpeg", len(mp3()), 5)
    assert audio.src.endswith(".mp3")


def test_a_duration_that_is_written_wins(articles):
    articles.write("tram.wav", sound())
    audio, _ = heard(articles, '{src: tram.wav, duration: "1:02"}')
    assert audio.duration == 62


def test_a_dry_run_keeps_no_recording(articles):
    articles.write("tram.wav", sound())
    articles.import_one(articles.add("a.md", audio="tram.wav"), dry_run=True)
    assert not articles.config.media.exists() or not [*articles.config.media.iterdir()]


@pytest.mark.parametrize(
    ("audio", "why"),
    [
        ("gone.mp3", "no such file"),
        ("a.md", "not an MP3"),
        ("../../../../../etc/passwd", "is outside"),
        ("https://cdn.example/a.mp3", "type and length"),
        ("{src: 'https://cdn.example/a', length: 12}", "type and length"),
    ],
)
def test_what_readers_could_not_be_told_honestly_is_left_out_with_a_warning(articles, audio, why):
    audio_, (warning,) = heard(articles, audio)
    assert audio_ is None
    assert warning.startswith("articles/a.md: the recording is ignored: ")
    assert why in warning


@pytest.mark.parametrize("kind", sample_recordings.ALL)
def test_each_kind_of_recording_is_taken(articles, kind):
    articles.write("tram", sample_recordings.ALL[kind]())
    audio, warnings = heard(articles, "tram")
    assert audio.length == len(sample_recordings.ALL[kind]())
    assert warnings == ()


@pytest.mark.parametrize("kind", sample_recordings.ALL)
def test_a_recording_with_a_damaged_byte_is_taken_or_left_out_but_stops_nothing(articles, kind):
    whole = sample_recordings.ALL[kind]()
    file, article = articles.write("tram", whole), articles.add("a.md")
    left_out: list[str] = []
    for at in range(0, min(len(whole), 350), 2):
        damaged = whole[:at] + bytes((255 - whole[at],)) + whole[at + 1 :]
        for data in (damaged, damaged[:-3], whole[:at], whole[:at] + bytes(len(whole) - at)):
            file.write_bytes(data)
            media = ArticleMedia(article, articles.config, left_out.append, save_media=False)
            media.find_recording(Recording(src="tram", type=""))
    assert len(left_out) > 30


def test_a_recording_elsewhere_is_what_the_front_matter_says(articles):
    audio, warnings = heard(articles, "{src: 'https://cdn.example/a.mp3', length: 12}")
    assert audio == Recording(src="https://cdn.example/a.mp3", type="audio/mpeg", length=12)
    assert warnings == ()
    assert not articles.config.media.exists()


@pytest.mark.parametrize(
    ("text", "seconds"), [("62", 62), ("1:02", 62), ("90:00", 5400), ("1:01:02", 3662)]
)
def test_a_duration_is_seconds_or_a_clock(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("audio: 'javascript:x'", "a file, an http(s) address"),
        ("audio: {title: x}", "a table with src"),
        ("audio: {src: a.mp3, type: text/html}", "a media type such as audio/mpeg"),
        ("audio: {src: a.mp3, length: 1.5 MB}", "a number of bytes"),
        ("audio: {src: a.mp3, duration: long}", "seconds, mm:ss or h:mm:ss"),
        ("translations: [de]", "a table such as"),
        ("translations: {de: a b}", "a slug, or an http or https address"),
        ("translations: {d_e: a}", "a language as in BCP 47"),
        ("translations: {de: 'javascript:x'}", "a slug, or an http or https address"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(head, expected):
    said = refusal(f"title: Tram\n{head}")
    assert said.startswith("a.md:3: ")
    assert expected in said


def test_translations_are_slugs_and_addresses_by_language():
    head = "translations: {de: hafenbahn, pt-BR: 'https://news.example/bonde/'}"
    assert fields(head).revision.translations == {
        "de": "hafenbahn",
        "pt-BR": "https://news.example/bonde/",
    }
