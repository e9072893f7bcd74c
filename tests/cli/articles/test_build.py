"""`build` as operators see it."""


def test_a_build_is_one_line_unless_each_file_is_asked_for(operator):
    for number in range(30):
        operator.file(f"story-{number}")
    assert operator.run("import", "articles").code == 0
    built = operator.run("build")
    assert built.out.endswith("; 31 articles\n")
    assert built.out.count("\n") == 1
    operator.file("story-7", title="Again")
    assert operator.run("import", "articles").code == 0
    assert "written   articles/story-7/index.html\n" in operator.run("build", "--verbose").out


def test_what_could_not_be_built_is_named_without_being_asked_for(operator):
    operator.run("import", "articles")
    template = operator.folder / "templates/page/article.html"
    template.parent.mkdir(parents=True)
    template.write_text("{{ nowhere.at.all }}")
    built = operator.run("build")
    assert built.code == 1
    assert "failed    " in built.out
    assert "article.html:1" in built.out
