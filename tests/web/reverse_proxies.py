"""nginx and Caddy in front of a publication: the blocks of docs/serving.md, on loopback."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from syndicate import clock
from tests import ROOT
from tests.ports import free_port

DOCUMENT = ROOT / "docs/serving.md"
HOST = "www.example.org"
_UP_WITHIN = 60
"""Seconds that a server may take to come up."""
_NGINX = """\
{user}
daemon off;
worker_processes 1;
pid {work}/pid;
error_log {work}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log {work}/access.log;
  gzip on;
  client_body_temp_path {work}/body;
  proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi;
  scgi_temp_path {work}/scgi;
  include {work}/syndicate.conf;
}}
"""
"""What Debian's own nginx.conf says around a file of conf.d, as far as it matters here."""
_CADDY = """\
{
	admin off
	auto_https off
	default_bind 127.0.0.1
"""
"""What is set for all of Caddy, before what the document sets: no TLS, and loopback alone."""


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    heading: str
    """What the document calls it."""
    url: str
    work: Path
    """Where all that it writes is."""
    insecure: str | None = None
    """Where it leads to TLS from."""


Front = AbstractContextManager[Running]


def blocks(heading: str) -> list[str]:
    """Return the configuration below a heading of the document."""
    document = DOCUMENT.read_text("utf-8")
    section = document.partition(f"\n### {heading}\n")[2].partition("\n##")[0]
    found = re.findall(r"^```(?:nginx|caddyfile)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found


@contextmanager
def nginx(
    heading: str,
    folder: Path,
    *,
    upstream: int,
    work: Path,
    cached: bool = False,
    under_a_path: bool = False,
    changes: dict[str, str] | None = None,
) -> Iterator[Running]:
    """Run nginx as the document says, but for `changes`, in front of a publication in a folder."""
    work.mkdir()
    port, insecure = free_port(), free_port()
    _certificate(work)
    (said,) = blocks(heading)
    said = _filled(said, changes or {})
    if cached:
        above, inside = blocks("A cache in nginx")
        said = above + _filled(said, {"    location / {\n": f"    location / {{\n{inside}"})
        said = _filled(said, {"/var/cache/nginx": str(work)})
    if under_a_path:
        (inside,) = blocks("Under a path")
        everything = "    location / {\n        proxy_pass http://syndicate;\n    }\n"
        said = _filled(said, {everything: inside})
    said = _filled(
        said,
        {
            "server 127.0.0.1:8000": f"server 127.0.0.1:{upstream}",
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl;\n": "",
            "listen 80;": f"listen 127.0.0.1:{insecure};",
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            f"/etc/letsencrypt/live/{HOST}": str(work),
            "/var/log/nginx": str(work),
        },
    ).replace("/srv/morning-post/feeds", str(folder))
    (work / "syndicate.conf").write_text(said)
    user = "" if os.geteuid() else "user root;"  # a folder of root's own is to be read
    written = work / "nginx.conf"
    written.write_text(_NGINX.format(user=user, work=work))
    with _up(["nginx", "-e", str(work / "error.log"), "-c", str(written)], port, work):
        yield Running(
            heading, f"https://127.0.0.1:{port}", work, insecure=f"http://127.0.0.1:{insecure}"
        )


@contextmanager
def caddy(
    heading: str, folder: Path, *, upstream: int, work: Path, changes: dict[str, str] | None = None
) -> Iterator[Running]:
    """Run Caddy as the document says, but for `changes` and without TLS."""
    work.mkdir()
    port = free_port()
    (said,) = blocks(heading)
    assert said.startswith("{\n")
    said = _filled(said, changes or {})
    said = _filled(
        _CADDY + said.removeprefix("{\n"),
        {f"{HOST} {{\n": f"http://{HOST}:{port} {{\n", "127.0.0.1:8000": f"127.0.0.1:{upstream}"},
    ).replace("/srv/morning-post/feeds", str(folder))
    written = work / "Caddyfile"
    written.write_text(said)
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(written)]
    with _up(command, port, work):
        yield Running(heading, f"http://127.0.0.1:{port}", work)


def trusting() -> ssl.SSLContext:
    """Trust whatever certificate there is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def is_there(program: str) -> bool:
    """Whether a program can be run; Debian keeps servers where only root looks for them."""
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is not None


def _filled(said: str, changes: dict[str, str]) -> str:
    """Put ports and places of ours into a block; each must be in it."""
    for old, new in changes.items():
        assert old in said, old
        said = said.replace(old, new)
    return said


@contextmanager
def _up(command: list[str], port: int, work: Path) -> Iterator[None]:
    environment = os.environ | {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "XDG_DATA_HOME": str(work),
        "XDG_CONFIG_HOME": str(work),
        "HOME": str(work),
    }
    with (work / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        latest = time.monotonic() + _UP_WITHIN
        while not _answers(port):
            early = process.poll() is not None or time.monotonic() > latest
            assert not early, (work / "output").read_text()
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(60)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _certificate(work: Path) -> None:
    """Put a certificate that nobody trusts where Let's Encrypt would put one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (work / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (work / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
