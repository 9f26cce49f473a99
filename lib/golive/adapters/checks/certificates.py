"""Whether a certificate is trusted, for the right name, strong, and good for long enough."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from golive.adapters.checks.run import Known, Saw, Scene, Unseen
from golive.core.plain import plain
from golive.core.scalars import Part, PositiveDuration, Texts
from golive.core.units import say_duration

WITHIN = 4.0
SHOWN = 3
MOST_NAMES = 20
SMALLEST_RSA, SMALLEST_CURVE = 2048, 256
PROTOCOLS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class CertificateSettings(Part):
    """Where certificates are shown, and what they must be.

    `addresses` are `host` or `host:port` (443); staging's belong here too. `name` is asked for instead of the host;
    `trust_file` holds authorities (PEM) that are trusted beside this host's own; `lowest` is the oldest TLS.
    """

    addresses: Texts
    name: str = ""
    at_least_left: PositiveDuration = timedelta(days=14)
    lowest: Literal["1.2", "1.3"] = "1.2"
    trust_file: str = ""


@dataclass(frozen=True)
class _Shown:
    """What one address has shown: what is wrong with it ("" for nothing), and what to keep of it."""

    wrong: str
    evidence: Mapping[str, Any]


async def certificates(scene: Scene, wanted: CertificateSettings) -> Saw | Unseen:
    """See whether each address shows a chain that is trusted, of its name, strong, new enough, and for long enough."""
    left = say_duration(wanted.at_least_left)
    expected = f"trusted, for its name, TLS {wanted.lowest} or newer, at least {left} left"
    if not wanted.addresses:
        return Unseen(expected, "the line names no address", "give addresses")
    context = ssl.create_default_context()
    if wanted.trust_file:
        try:
            context.load_verify_locations(scene.base / Path(wanted.trust_file))
        except (OSError, ssl.SSLError) as error:
            why = f"{plain(wanted.trust_file, 120)}: {plain(error, 80)}"
            return Unseen(expected, why, "mend `trust_file` of this line: certificates in PEM were expected")
    context.minimum_version = PROTOCOLS[wanted.lowest]
    looks = (_look(address, wanted, context, scene.clock.now()) for address in wanted.addresses)
    shown = dict(zip(wanted.addresses, await asyncio.gather(*looks), strict=True))
    evidence = {plain(address, 100): one.evidence for address, one in shown.items() if isinstance(one, _Shown)}
    wrong = [f"{plain(a, 80)}: {one.wrong}" for a, one in shown.items() if isinstance(one, _Shown) and one.wrong]
    silent = [f"{plain(a, 80)}: {one}" for a, one in shown.items() if isinstance(one, str)]
    if wrong:
        then = "have the certificate renewed or mended, and look again"
        return Saw(False, expected, "; ".join(wrong[:SHOWN]), evidence, then)
    if silent:
        return Unseen(expected, "; ".join(silent[:SHOWN]), "see whether it answers from here", evidence)
    soonest = min(str(one["until"]) for one in evidence.values())
    return Saw(True, expected, f"so at {len(shown)} addresses; the first ends {soonest}", evidence)


async def _look(address: str, wanted: CertificateSettings, context: ssl.SSLContext, now: datetime) -> _Shown | str:
    """Give what an address has shown; a text why it has shown nothing."""
    try:
        host, port = _place(address)
    except ValueError:
        return "no address: host or host:port was expected"
    name = wanted.name or host
    try:
        der, protocol = await _shake_hands(host, port, name, context)
    except ssl.SSLCertVerificationError as error:
        return _Shown(plain(error.verify_message, 120), await _unverified(host, port, name, now))
    except ssl.SSLError as error:
        return _Shown(f"no TLS {wanted.lowest} with it: {plain(error.reason or error, 80)}", {})
    except TimeoutError:
        return f"no answer in {WITHIN:g} s"
    except (OSError, UnicodeError) as error:
        return plain(error, 120) or type(error).__name__
    certificate = x509.load_der_x509_certificate(der)
    evidence = {**_evidence(certificate, der), "protocol": protocol}
    left = certificate.not_valid_after_utc - now
    if left < wanted.at_least_left:
        return _Shown(f"ends {evidence['until']}, in {left.days} days", evidence)
    return _Shown(_weak(certificate), evidence)


async def _shake_hands(host: str, port: int, name: str, context: ssl.SSLContext) -> tuple[bytes, str]:
    async with asyncio.timeout(WITHIN):
        _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name)
    try:
        shown = writer.get_extra_info("ssl_object")
        return shown.getpeercert(binary_form=True) or b"", str(shown.version())
    finally:
        writer.transport.abort()


async def _unverified(host: str, port: int, name: str, now: datetime) -> Mapping[str, Any]:
    """Give what to keep of a certificate that nobody should trust; nothing where it is not shown a second time."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(OSError, TimeoutError, ValueError):
        der, protocol = await _shake_hands(host, port, name, context)
        return {**_evidence(x509.load_der_x509_certificate(der), der), "protocol": protocol}
    return {}


def _evidence(certificate: x509.Certificate, der: bytes) -> dict[str, Any]:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        dns_names = names.get_values_for_type(x509.DNSName)[:MOST_NAMES]
    except (x509.ExtensionNotFound, ValueError):
        dns_names = []
    until = certificate.not_valid_after_utc.astimezone(UTC)
    issuer = plain(certificate.issuer.rfc4514_string(), 120)
    kept = {"until": f"{until:%Y-%m-%d}", "issuer": issuer, "names": dns_names}
    return {**kept, "sha256": digest.finalize().hex()}


def _weak(certificate: x509.Certificate) -> str:
    """Say what is weak about a certificate that is trusted; "" when nothing is."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        smallest = SMALLEST_RSA if isinstance(key, rsa.RSAPublicKey) else SMALLEST_CURVE
        if key.key_size < smallest:
            return f"its key has {key.key_size} bits, {smallest} were expected"
    signed = certificate.signature_hash_algorithm
    return f"it is signed with {signed.name}" if isinstance(signed, (hashes.SHA1, hashes.MD5)) else ""


def _place(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or "]" in port:
        return address.strip("[]"), 443
    if not host or "/" in host:
        raise ValueError(address)
    return host.strip("[]"), int(port)


KNOWN = {"certificates": Known("The certificates are good, and for long enough", certificates, CertificateSettings)}
