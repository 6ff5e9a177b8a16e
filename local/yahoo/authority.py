"""A certificate authority for one folder: its key is never written, so that it can sign for nobody else."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.yahoo.environment import authority_file

VALID = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=30)
ONLY_OWNER = 0o600


def write_authority(folder: Path, hosts: Sequence[str]) -> tuple[Path, Path]:
    """Write the authority's certificate, and a certificate with its key for `hosts`; return both paths.

    What an earlier start wrote is kept while it is valid for a month more: clients may have read it.
    """
    trusted, served = authority_file(folder), folder / "host.pem"
    if not (_is_valid(trusted) and _is_valid(served)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority, host = _make(hosts)
        _write(trusted, authority)
        _write(served, host)
    return trusted, served


def _is_valid(file: Path) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return certificate.not_valid_after_utc - RENEWED_BEFORE > datetime.now(UTC)


def _make(hosts: Sequence[str]) -> tuple[bytes, bytes]:
    """The authority's certificate; the hosts' certificate and its key. In PEM."""
    authority_key, host_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name("Authority of the local Yahoo")
    authority = (
        _certificate(issuer, issuer, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    host = (
        _certificate(_name("Local Yahoo"), issuer, host_key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in hosts]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    certificates = [each.public_bytes(serialization.Encoding.PEM) for each in (authority, host)]
    return certificates[0], certificates[1] + _pem(host_key)


def _write(file: Path, content: bytes) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=ONLY_OWNER)
    part.write_bytes(content)
    part.replace(file)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + VALID,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
