"""A certificate that is expired, nobody's, another name's or weak fails; where none is shown, nothing is measured."""

import asyncio
import datetime
import re
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from golive.core.phases import CheckUse
from golive.ports import Result

ALERT_PROTOCOL_VERSION = bytes.fromhex("15030100020246")  # RFC 5246, 7.2: fatal, protocol_version
DAY = datetime.timedelta(days=1)


class Ends:
    """TLS ends with certificates of one authority, whose file is `trust`."""

    def __init__(self, folder):
        self.folder, self.servers, self.key = folder, [], ec.generate_private_key(ec.SECP256R1())
        self.trust = folder / "trust.pem"
        self.root = self.issue("authority", self.key, ca=True)
        self.trust.write_bytes(self.root.public_bytes(serialization.Encoding.PEM))

    def issue(self, name, key, ends=90 * DAY, ca=False, signed_by=None):
        now = datetime.datetime.now(datetime.UTC)
        signing = signed_by or self.key
        built = x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        issuer = "authority" if signing is self.key else name
        built = built.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        built = built.public_key(key.public_key()).serial_number(x509.random_serial_number())
        built = built.not_valid_before(now - 30 * DAY).not_valid_after(now + ends)
        built = built.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        built = built.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
        built = built.add_extension(authority, critical=False)
        if not ca:
            built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        return built.sign(signing, hashes.SHA256())

    async def show(self, name="site.example", ends=90 * DAY, key=None, own=False):
        key = key or ec.generate_private_key(ec.SECP256R1())
        shown = self.issue(name, key, ends, signed_by=key if own else None)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / "end.pem").write_bytes(shown.public_bytes(serialization.Encoding.PEM) + pem)
        context.load_cert_chain(self.folder / "end.pem")
        return await self.listen(lambda reader, writer: writer.close(), context)

    async def listen(self, met, context=None):
        server = await asyncio.start_server(met, "127.0.0.1", 0, ssl=context)
        self.servers.append(server)
        return f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
def ends(tmp_path):
    return Ends(tmp_path)


async def look(around, ends, *addresses, **settings):
    line = {"addresses": list(addresses), "name": "site.example", "trust_file": str(ends.trust), **settings}
    return await around.look(CheckUse(check="certificates", settings=line))


async def test_a_good_certificate_passes_and_its_names_hash_and_end_are_kept(around, ends):
    address = await ends.show()
    finding = await look(around, ends, address)

    assert finding.result is Result.PASS
    kept = finding.evidence[address]
    assert kept["names"] == ["site.example"] and len(kept["sha256"]) == 64 and kept["protocol"].startswith("TLSv1.")


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"ends": -DAY}, "expired"),
        ({"ends": 3 * DAY}, "in 2 days"),
        ({"own": True}, "self-signed"),
        ({"name": "other.example"}, "site.example"),
        ({"key": rsa.generate_private_key(65537, 1024)}, "too weak|too small|1024 bits"),
    ],
)
async def test_a_bad_certificate_fails_and_says_why(around, ends, shown, said):
    finding = await look(around, ends, await ends.show(**shown))

    assert finding.result is Result.FAIL and finding.then
    assert re.search(said, finding.seen), finding.seen


async def test_an_end_that_refuses_new_protocols_fails(around, ends):
    def refuse(reader, writer):
        writer.write(ALERT_PROTOCOL_VERSION)
        writer.close()

    finding = await look(around, ends, await ends.listen(refuse))

    assert finding.result is Result.FAIL and "no TLS 1.2" in finding.seen


async def test_an_authority_that_nobody_knows_is_not_trusted(around, ends):
    finding = await look(around, ends, await ends.show(), trust_file="")

    assert finding.result is Result.FAIL


async def test_one_bad_end_among_good_ones_fails(around, ends):
    finding = await look(around, ends, await ends.show(), await ends.show(ends=DAY))

    assert finding.result is Result.FAIL and finding.seen.count("127.0.0.1") == 1


async def test_an_end_that_hangs_is_cut_off(around, ends):
    async def hang(reader, writer):
        await asyncio.sleep(60)

    finding = await look(around, ends, await ends.listen(hang))

    assert finding.result is Result.COULD_NOT_MEASURE and "no answer in 4 s" in finding.seen


async def test_an_end_that_speaks_something_else_is_no_pass(around, ends):
    def shout(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)
        writer.close()

    finding = await look(around, ends, await ends.listen(shout))

    assert finding.result in (Result.FAIL, Result.COULD_NOT_MEASURE) and finding.then


@pytest.mark.parametrize("address", ["127.0.0.1:1", "https://site.example/", "127.0.0.1:many", ""])
async def test_an_address_that_is_none_or_that_nobody_answers_at_could_not_be_measured(around, ends, address):
    assert (await look(around, ends, address)).result is Result.COULD_NOT_MEASURE


async def test_a_file_of_authorities_that_is_none_is_said(around, ends):
    (ends.folder / "no.pem").write_text("<html>")
    finding = await look(around, ends, await ends.show(), trust_file=str(ends.folder / "no.pem"))

    assert finding.result is Result.COULD_NOT_MEASURE and "trust_file" in finding.then
