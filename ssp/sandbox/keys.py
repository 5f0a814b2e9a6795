"""The keys with which the application and the DocuSign stand-in know each other.

Made once per state directory: an authority and a certificate for 127.0.0.1 (the SDK speaks to OAuth over TLS
alone), the RSA pair of the integration, and Connect's HMAC key. None is worth anything outside this machine.
"""

import ipaddress
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=3650)
SLACK = timedelta(days=1)


@dataclass(frozen=True)
class Keys:
    """Where one state directory keeps its keys."""

    folder: Path

    @property
    def ca_cert(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def tls_cert(self) -> Path:
        return self.folder / "tls-cert.pem"

    @property
    def tls_key(self) -> Path:
        return self.folder / "tls-key.pem"

    @property
    def private_key(self) -> Path:
        return self.folder / "integration-private.pem"

    @property
    def public_key(self) -> Path:
        return self.folder / "integration-public.pem"

    @property
    def identity(self) -> dict[str, str]:
        """The integration key, user, account and HMAC key, by name."""
        found: dict[str, str] = json.loads((self.folder / "identity.json").read_text())
        return found


def keys_of(state: Path) -> Keys:
    """Return the keys of a state directory; `ensure_keys` makes them."""
    return Keys(Path(state) / "sandbox" / "keys")


def ensure_keys(state: Path, *, oauth_port: int, api_port: int, web_port: int) -> dict[str, str]:
    """Make the keys that are missing and return the DOCUSIGN_* variables that point the application here.

    The API's address isn't among them: as with DocuSign itself, the client learns it from `/oauth/userinfo`.
    """
    del api_port, web_port  # the stand-in tells these itself
    keys = keys_of(state)
    keys.folder.mkdir(parents=True, exist_ok=True)
    if not (keys.folder / "identity.json").exists():
        _write_tls(keys)
        _write_integration(keys)
        identity = {
            "integration_key": str(uuid.uuid4()),
            "user_id": str(uuid.uuid4()),
            "account_id": str(uuid.uuid4()),
            "hmac_key": secrets.token_urlsafe(32),
        }
        # Last, and at once: its presence says that all of them are there.
        _write(keys.folder / "identity.json", json.dumps(identity, indent=1).encode())
    identity = keys.identity
    return {
        "DOCUSIGN_OAUTH_HOST": f"127.0.0.1:{oauth_port}",
        "DOCUSIGN_INTEGRATION_KEY": identity["integration_key"],
        "DOCUSIGN_USER_ID": identity["user_id"],
        "DOCUSIGN_ACCOUNT_ID": identity["account_id"],
        "DOCUSIGN_PRIVATE_KEY": keys.private_key.read_text(),
        "DOCUSIGN_CA_CERT": str(keys.ca_cert),
        "DOCUSIGN_HMAC_KEYS": identity["hmac_key"],
    }


def _write(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".new")
    draft.write_bytes(content)
    draft.chmod(0o600)
    draft.replace(path)


def _private_bytes(key: rsa.RSAPrivateKey) -> bytes:
    # PKCS#1: the form in which DocuSign's own console hands keys out.
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _write_integration(keys: Keys) -> None:
    key = _new_key()
    _write(keys.private_key, _private_bytes(key))
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _write(keys.public_key, public)


def _write_tls(keys: Keys) -> None:
    """Make the authority and the server's certificate, strict enough for OpenSSL's X509_STRICT."""
    now = datetime.now(UTC)  # noqa: TID251 - certificates live in real time
    ca_key, server_key = _new_key(), _new_key()
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sandbox authority")])
    ca_ski = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = (
        x509.CertificateBuilder()
        .subject_name(ca_name)
        .issuer_name(ca_name)
        .public_key(ca_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(ca_ski, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    )
    server = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]))
        .issuer_name(ca_name)
        .public_key(server_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(server_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_ski), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    _write(keys.ca_cert, ca.public_bytes(serialization.Encoding.PEM))
    _write(keys.tls_key, _private_bytes(server_key))
    _write(keys.tls_cert, server.public_bytes(serialization.Encoding.PEM))


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
