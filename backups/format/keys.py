"""Keys: age identities that open backups, and Ed25519 keys that sign their manifests.

A server that makes backups has recipients (public) and its signing key. Identities exist only where
restores run. The files are in the formats of age and OpenSSL.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

Recipient = Any  # pyrage.x25519.Recipient and .Identity: the package has no types
Identity = Any


class SigningKey:
    """Signs manifests. `public` is what others trust: base64 of the 32 bytes."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = b64encode(private.public_key().public_bytes_raw()).decode()

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes; the same message always gets the same one (RFC 8032)."""
        return self._private.sign(message)


def is_signed(message: bytes, signature: bytes, public: str) -> bool:
    """Whether the private half of this public key signed the message."""
    try:
        _public_key(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public(public: str) -> str:
    """The public half of a signing key, once it is checked. Raises ValueError."""
    _public_key(public)
    return public


def read_signing_key(path: Path) -> SigningKey:
    """The key in a PEM file. Raises OSError or ValueError."""
    private = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return SigningKey(private)


def read_recipients(texts: Iterable[str]) -> list[Recipient]:
    """Public keys `age1...`. Raises ValueError."""
    try:
        return [pyrage.x25519.Recipient.from_str(text) for text in texts]
    except pyrage.RecipientError as error:
        raise ValueError(str(error)) from error


def read_identities(path: Path) -> list[Identity]:
    """The identities in a file of age-keygen, one per line. Raises OSError or ValueError."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())

    try:
        found = [
            pyrage.x25519.Identity.from_str(line)
            for line in lines
            if line and not line.startswith("#")
        ]
    except pyrage.IdentityError:
        raise ValueError("a line is no age identity") from None  # the cause may quote the secret

    if not found:
        raise ValueError("it holds no identity")

    return found


def make_identity(path: Path) -> str:
    """Write a new identity, readable only by its owner; returns the recipient to configure.

    Raises FileExistsError: a key is never overwritten.
    """
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    _write_secret(path, f"# public key: {recipient}\n{identity}\n".encode())
    return recipient


def make_signing_key(path: Path) -> str:
    """Write a new signing key, readable only by its owner; returns the public key to trust.

    Raises FileExistsError: a key is never overwritten.
    """
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_secret(path, pem)
    return SigningKey(private).public


def _public_key(public: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(b64decode(public, validate=True))


def _write_secret(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
