"""`check`: what would go wrong later is told now."""

import json
import re


def test_a_letter_that_cannot_be_composed_is_told_before_anybody_signs_up(operator):
    letters = operator.folder / "templates/email"
    letters.mkdir(parents=True)
    (letters / "letter.txt").write_text("{{ nothing.at_all }}\n")
    checked = operator.run("check")
    assert checked.code == 2
    assert "email/letter.txt" in checked.err
    assert "'nothing' is undefined" in checked.err


def test_who_stands_behind_a_proxy_is_told_to_name_it(operator):
    assert "web.proxies" not in operator.run("check").err
    operator.configure('# url = "https://news.example.org"', 'url = "https://news.example.org"')
    assert "web.proxies" in operator.run("check").err
    operator.configure('# proxies = ["10.0.0.0/8"]', 'proxies = ["127.0.0.1"]')
    assert "web.proxies" not in operator.run("check").err


def test_slots_within_a_minute_are_told_apart_in_check_and_in_fires(operator):
    operator.configure('every = "10m"', 'every = "20s"')
    times = re.findall(r"\d\d:\d\d(?::\d\d)? [A-Z]+", operator.run("check").out)
    assert len(set(times)) == len(times) == 3
    for second in ("00", "20", "40"):
        operator.run("tick", "--at", f"2026-01-01T12:00:{second}Z")
    slots = re.findall(r"(?<!since )12:00(?::\d\d)? [A-Z]+", operator.run("fires").out)
    assert slots == ["12:00:40 UTC", "12:00:20 UTC", "12:00 UTC"]


def test_what_is_selected_and_no_article_has_is_named_with_what_is_meant(operator):
    operator.configure(
        "select = {", 'select = { sections = ["Citty", "CITY"], tags = ["tram", "bus"], '
    )
    config = operator.folder / "config.toml"
    config.write_text(
        config.read_text() + '\n[[feeds]]\nname = "lind"\nselect = { authors = ["A. Lindt"] }\n'
    )
    assert "no article" not in operator.run("check").err, "there are none"
    text = "---\ntitle: Ferry\nsection: City\ntags: [Tram]\nauthors: [A. Lind]\n---\nText.\n"
    (operator.folder / "articles/ferry.md").write_text(text)
    operator.run("import", "articles")
    checked = operator.run("check")
    assert checked.code == 0
    select = "schedules.breaking.select"
    warnings = [
        f'{select}.sections: no article is in the section "Citty"; did you mean "City"?',
        f'{select}.tags: no article has the tag "bus"',
        'feeds.lind.select.authors: no article is by "A. Lindt"; did you mean "A. Lind"?',
    ]
    assert [line for line in checked.err.splitlines() if "no article" in line] == warnings
    assert set(warnings) <= set(json.loads(operator.run("check", "--json").out)["warnings"])


LOCAL_RELAY = '[mail]\ntransport = "smtp"\nhost = "localhost"\nfrom = "Post <news@post.example>"\n'


def test_real_mail_by_a_server_on_this_machine_needs_the_address_that_its_links_lead_to(operator):
    operator.configure("[mail]\n", LOCAL_RELAY)

    for words in (["check"], ["tick"], ["send", "breaking", "--article", "welcome"]):
        ran = operator.run(*words)
        assert ran.code == 2, words
        assert "publication.url — missing, and mail goes out by localhost" in ran.err

    operator.catch_mail()
    checked = operator.run("check")
    assert checked.code == 0
    assert (
        "publication.url: mail is sent through localhost, but its links lead to this" in checked.err
    )
    assert "publication.postal_address: missing" in checked.err
    operator.configure("http://127.0.0.1:8000", "https://post.example")
    assert "links lead to this machine" not in operator.run("check").err


def test_a_file_about_an_author_that_cannot_be_used_or_is_about_nobody_is_named(operator):
    authors = operator.folder / "authors"
    authors.mkdir()
    text = "---\ntitle: Ferry\nauthors: [A. Lind]\n---\nText.\n"
    (operator.folder / "articles/ferry.md").write_text(text)
    operator.run("import", "articles")
    (authors / "somebody.md").write_text("---\nname: A. Lindt\n---\n")
    (authors / "chef.md").write_text("---\nname: Zoë Quist\n---\n")
    checked = operator.run("check")
    assert checked.code == 0
    about = 'authors/somebody.md: no article is by "A. Lindt"; did you mean "A. Lind"?'
    assert [line for line in checked.err.splitlines() if "authors/" in line] == [about]
    (authors / "somebody.md").write_text("---\nname: A. Lind\nfoto: x.jpg\n---\n")
    checked = operator.run("check")
    assert checked.code == 2
    assert "authors/somebody.md:3: foto is unknown" in checked.err
    assert (
        "authors/somebody.md:3: foto"
        in json.loads(operator.run("check", "--json").out)["mistakes"][0]
    )


def test_what_a_provider_has_to_call_is_said_in_full(operator, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "x")
    assert json.loads(operator.run("check", "--json").out)["hooks"] == []
    operator.configure('# url = "https://news.example.org"', 'url = "https://news.example.org"')
    config = operator.folder / "config.toml"
    with config.open("a") as file:
        file.write('[[hooks]]\nname = "mg"\nkind = "mailgun"\nsecret_env = "HOOK_SECRET"\n')
        file.write('[[hooks]]\nname = "pm"\nkind = "postmark"\nsecret_env = "HOOK_SECRET"\n')
    assert json.loads(operator.run("check", "--json").out)["hooks"] == [
        {"name": "mg", "kind": "mailgun", "url": "https://news.example.org/hooks/mg"},
        {"name": "pm", "kind": "postmark", "url": "https://news.example.org/hooks/pm?token=SECRET"},
    ]
    shown = operator.run("check").out
    assert "https://news.example.org/hooks/pm?token=SECRET" in shown
    assert "the provider calls" in shown


def test_a_folder_of_articles_that_does_not_exist_is_named(operator):
    operator.configure('# folder = "articles"', 'folder = "artikel"')
    checked = operator.run("check")
    assert checked.code == 0
    assert "intake.folder: there is no folder artikel, so `run` imports nothing" in checked.err
    (operator.folder / "artikel").mkdir()
    assert "intake.folder" not in operator.run("check").err
