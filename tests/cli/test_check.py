"""`check`: what would go wrong later is told now."""


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
