"""Wheel and sdist: built from the files in git, installed beside what they depend on, and run."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from packaging.requirements import Requirement

from tests import ROOT
from tests.ports import free_port
from tests.requirements import require
from tests.until import until

BESIDE = {".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "constraints.txt", "pyproject.toml"}
"""What an sdist has besides the package."""
IMPORT_ALL = """
import importlib, importlib.metadata, pathlib, syndicate
assert "site-packages" in syndicate.__file__, syndicate.__file__
for file in importlib.metadata.files("syndicate-newsroom"):
    if file.suffix == ".py" and "migrations" not in file.parts:
        importlib.import_module(".".join(file.with_suffix("").parts).removesuffix(".__main__"))
        print(file)
"""
pytestmark = pytest.mark.slow


def run(*words: object, cwd: Path) -> str:
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def tracked(*folders: str) -> list[str]:
    """List the files that git keeps; those that were deleted without a commit are left out."""
    require((ROOT / ".git").exists(), "not a checkout")
    listed = run("git", "ls-files", "-z", "--", *folders, cwd=ROOT).split("\0")
    return [name for name in listed if name and (ROOT / name).exists()]


def package_files() -> set[str]:
    """Name the package's files as they are installed: `syndicate/templates` links to `templates`."""
    links = {"syndicate/templates"}
    return set(tracked("syndicate")) - links | {
        f"syndicate/{name}" for name in tracked("templates")
    }


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build sdist and wheel from the files in git, as a release is built from a clone."""
    clone, folder = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("dist")
    for name in tracked():
        target = clone / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target, follow_symlinks=False)
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=clone)
    return folder


@dataclass(frozen=True)
class Installed:
    """An environment that has Syndicate and what it requires, and nothing else."""

    bin: Path

    def __call__(self, *words: object, cwd: Path) -> str:
        return run(self.bin / "syndicate", *words, cwd=cwd)

    def python(self, code: str) -> str:
        return run(self.bin / "python", "-c", code, cwd=self.bin)

    @contextmanager
    def serving(self, command: str, cwd: Path) -> Iterator[httpx.Client]:
        """Start `run` or `serve`, wait until it answers, and end it as Ctrl-C does."""
        port = free_port()
        with (
            (cwd / "log.txt").open("w") as log,
            subprocess.Popen(
                [self.bin / "syndicate", command],
                cwd=cwd,
                env={**os.environ, "PORT": str(port)},
                stdout=log,
                stderr=subprocess.STDOUT,
            ) as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
        ):

            def answers() -> bool:
                assert process.poll() is None, (cwd / "log.txt").read_text()
                try:
                    return client.get("/healthz").is_success
                except httpx.TransportError:
                    return False

            try:
                until(answers)
                yield client
                process.send_signal(signal.SIGINT)
                assert process.wait(60) == 0
            finally:
                process.kill()
        assert "Traceback" not in (cwd / "log.txt").read_text()


@pytest.fixture(scope="module")
def syndicate(distributions: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel into an environment of its dependencies; the sdist gives the same wheel."""
    folder = tmp_path_factory.mktemp("installed")
    [wheel] = distributions.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    pip = (sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "--quiet")
    run(*pip, "--no-index", "--no-deps", "--no-compile", wheel, cwd=folder)
    [packages] = folder.glob("lib/python*/site-packages")
    for dependency in dependencies(wheel):
        link(dependency, packages)
    return Installed(folder / "bin")


def dependencies(wheel: Path) -> list[Distribution]:
    """Find what a wheel requires, and what that requires, among what is installed here."""
    [metadata] = [name for name in ZipFile(wheel).namelist() if name.endswith("/METADATA")]
    listed = message_from_bytes(ZipFile(wheel).read(metadata)).get_all("Requires-Dist", [])
    waiting, found = [("", name) for name in listed], dict[tuple[str, str], Distribution]()
    while waiting:
        extra, line = waiting.pop()
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        installed = distribution(requirement.name)
        assert requirement.specifier.contains(installed.version, prereleases=True), line
        for wanted in {"", *requirement.extras}:
            if found.setdefault((requirement.name, wanted), installed) is installed:
                waiting += [(wanted, name) for name in installed.requires or ()]
    return list(found.values())


def link(dependency: Distribution, packages: Path) -> None:
    """Have an installed distribution in another environment."""
    for name in {file.parts[0] for file in dependency.files or ()} - {"..", "__pycache__"}:
        if not (packages / name).exists():
            (packages / name).symlink_to(Path(str(dependency.locate_file(name))))


def mail(post: Path) -> list[EmailMessage]:
    return [
        message_from_bytes(file.read_bytes(), policy=default)
        for file in sorted((post / "outbox").glob("*.eml"))
    ]


def contents(wheel: Path) -> dict[str, bytes]:
    """Read a wheel's files; its metadata and entry points are among them."""
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_has_the_files_of_the_package_that_are_in_git(distributions):
    [wheel] = distributions.glob("*.whl")
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == package_files()


def test_the_sdist_has_them_too_and_what_a_wheel_is_built_with(distributions):
    [sdist] = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names == package_files() | BESIDE | {"PKG-INFO"}


def test_the_sdist_gives_the_same_wheel(distributions, tmp_path):
    [sdist] = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [unpacked] = tmp_path.iterdir()
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=unpacked)
    [rebuilt] = unpacked.glob("dist/*.whl")
    [wheel] = distributions.glob("*.whl")
    assert contents(rebuilt) == contents(wheel)


def test_every_module_is_installed_and_can_be_imported(syndicate):
    imported = set(syndicate.python(IMPORT_ALL).split())
    modules = {name for name in package_files() if name.endswith(".py")}
    assert {name for name in modules - imported if "/migrations/" not in name} == set()


def test_a_publication_is_made_run_and_served(syndicate, tmp_path):
    syndicate("init", "post", cwd=tmp_path)
    post = tmp_path / "post"
    (post / "articles/ferry.md").write_text("---\ntitle: Ferry\nbreaking: true\n---\nText.\n")
    (post / "readers.csv").write_text("email\nada@example.org\n")
    syndicate("subscribers", "import", "readers.csv", "--newsletter", "breaking", cwd=post)
    assert "no mistakes" not in syndicate("check", cwd=post)
    assert "new" in syndicate("import", "articles", cwd=post)
    assert "1 accepted" in syndicate("tick", cwd=post)
    assert [message["to"] for message in mail(post)] == ["ada@example.org"]
    syndicate("build", "--all", cwd=post)
    assert (post / "feeds/articles/ferry/amp/index.html").is_file()
    syndicate("templates", "copy", "email/digest.mjml", cwd=post)
    with syndicate.serving("run", post) as client:
        assert "Ferry" in client.get("/").raise_for_status().text
        for path in ("/articles/ferry/", "/articles/ferry/amp/", "/rss.xml", "/atom.xml"):
            assert "Ferry" in client.get(path).raise_for_status().text
        assert client.get("/feed.json").json()["items"]
        assert "<form" in client.get("/signup").raise_for_status().text
        client.post("/signup", data={"email": "bo@example.org"}).raise_for_status()
        until(lambda: len(mail(post)) == 2)
        letter = mail(post)[-1]
        assert letter["to"] == "bo@example.org"
        assert "bo@example.org" in client.get("/outbox").raise_for_status().text
        body = letter.get_body(("plain",))
        assert body
        [confirm] = re.findall(r"http://\S+(/confirm/\S+)", body.get_content())
        assert client.get(confirm).is_success
        assert client.post(confirm).is_success
        until(lambda: "bo@example.org" in syndicate("subscribers", "list", cwd=post))
    with syndicate.serving("serve", post) as client:
        assert "Ferry" in client.get("/articles/ferry/").raise_for_status().text
        assert client.get("/rss.xml").is_success
        assert client.get("/signup").is_success


def test_it_is_translated_into_german(syndicate):
    code = "from syndicate.language import translator as to; print(to('de').gettext('Subscribe again'))"
    assert syndicate.python(code) == "Wieder abonnieren\n"
