"""The documents are true: commands, files and links exist."""

import re
import subprocess
from pathlib import Path

import pytest

from tests import ROOT
from tests.cli.fork_server import command_server
from tests.requirements import require

README = (ROOT / "README.md").read_text(encoding="utf-8") if (ROOT / "README.md").exists() else ""
COMMANDS = sorted(
    set(
        re.findall(
            r"syndicate(?: --config \S+)? ([a-z]+(?:-[a-z]+)*(?: (?:import|list|export|copy))?)",
            README,
        )
    )
)
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.neighbours
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_is_there(command):
    words = command.split()
    if words[0] not in {"subscribers", "templates"}:
        words = words[:1]
    helped = command_server().run(ROOT, *words, "--help", timeout=60)
    assert helped.code == 0, command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_links_to_is_there(document):
    text = re.sub(r"`[^`\n]+`", "", document.read_text("utf-8"))  # without examples
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", text):
        assert (document.parent / target).exists(), target


def test_one_document_has_the_systemd_unit_and_the_readme_leads_to_it():
    having = [path.name for path in DOCUMENTS if "[Service]" in path.read_text("utf-8")]
    assert having == ["operating.md"]
    assert "docs/operating.md#with-systemd" in README


def test_nobody_is_led_to_a_package_of_our_name_that_is_not_ours():
    forbidden = re.compile(r"pip install [^\n`]*\bsyndicate(?![-/\w.])")
    sources = (ROOT / "syndicate").rglob("*.py")
    for path in (*DOCUMENTS, *sources):
        assert not forbidden.search(path.read_text("utf-8")), path


def test_documents_agree_on_when_a_change_of_the_config_is_in_force():
    configuration, operating = (
        (ROOT / f"docs/{name}.md").read_text("utf-8") for name in ("configuration", "operating")
    )
    assert "operating.md#reload-and-restart" in configuration.partition("\n- ")[0]
    assert "is in force after a reload or a restart" in operating


@pytest.mark.neighbours
def test_no_committed_file_names_a_package_registry():
    require((ROOT / ".git").exists(), "not a checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    hosts = re.compile(rb"registry\.npmjs|files\.pythonhosted|pypi\.org|deb\.debian\.org")
    for name in filter(None, listed.stdout.split(b"\0")):
        path = ROOT / name.decode()
        if path.is_file() and path != Path(__file__):
            assert not hosts.search(path.read_bytes()), path
