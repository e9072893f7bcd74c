"""What an operator reads of a server's certificate that is not accepted."""

import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from syndicate.deliver.server_connection import ServerTable

DAY = timedelta(days=1)


def refused(tmp_path, *, since, until):
    """Shake hands with a server whose certificate is trusted, and valid in a time."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.example.org")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("mx.example.org")]), False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "server.pem"
    file.write_bytes(key.private_bytes(pem, *private) + made.public_bytes(pem))
    ours = ssl.create_default_context(cadata=made.public_bytes(pem).decode())
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(file)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ours.wrap_bio(back, there, server_hostname="mx.example.org")
    server = theirs.wrap_bio(there, back, server_side=True)
    for side in client, server:
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        client.do_handshake()
    table = ServerTable(name="mail", timeout=DAY, tls_port=465, starttls_ports="587 and 25")
    return table.explain(caught.value)


@pytest.mark.parametrize(("since", "until"), [(-2 * DAY, -DAY), (DAY, 2 * DAY)])
def test_one_of_another_time_is_to_be_renewed_and_not_to_be_renamed(tmp_path, since, until):
    now = datetime.now(UTC)
    text = refused(tmp_path, since=now + since, until=now + until)
    assert "; have it renewed there, unless the clock of this machine is wrong; " in text
    assert "mail.host" not in text
