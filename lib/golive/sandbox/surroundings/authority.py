"""A certificate authority of the sandbox's own, and the site's certificate as a fault would have it."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from golive.sandbox.faults import Fault
from golive.sandbox.surroundings.resolving import NAME

LEFT, LITTLE = timedelta(days=60), timedelta(days=3)
TRUST = "authority.pem"
Key = ec.EllipticCurvePrivateKey


class Authority:
    """Issues the certificate that the TLS end of the site shows; `folder` gets what to trust (`authority.pem`)."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, _key()
        now = datetime.now(UTC)
        self._root = _certificate("Sandbox Authority", self._key, self._key, "Sandbox Authority", now, LEFT, ca=True)
        (folder / TRUST).write_bytes(self._root.public_bytes(serialization.Encoding.PEM))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.show(frozenset())

    def show(self, faults: frozenset[Fault]) -> None:
        """Let the next connection be shown the certificate that these faults leave the site with."""
        key, now = _key(), datetime.now(UTC)
        name = f"other.{NAME}" if Fault.CERTIFICATE_OTHER_NAME in faults else NAME
        left = LITTLE if Fault.CERTIFICATE_ENDS in faults else LEFT
        shown = _certificate(name, key, self._key, "Sandbox Authority", now, left)
        pem = shown.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        place = self._folder / "site.pem"
        place.touch(mode=0o600)
        place.write_bytes(pem)
        self.context.load_cert_chain(place)

    async def serve(self) -> tuple[asyncio.Server, str]:
        """Shake hands with whoever comes on a free loopback port; give what to close, and the address."""

        async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(met, "127.0.0.1", 0, ssl=self.context)
        host, port = server.sockets[0].getsockname()
        return server, f"{host}:{port}"


def _key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def _certificate(
    name: str, key: Key, signing: Key, issuer: str, now: datetime, left: timedelta, *, ca: bool = False
) -> x509.Certificate:
    named = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)]) for who in (name, issuer)]
    built = (
        x509.CertificateBuilder()
        .subject_name(named[0])
        .issuer_name(named[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + left)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if not ca:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return built.sign(signing, hashes.SHA256())
