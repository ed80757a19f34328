"""Field encryption and blind indexes with key ids and rotation: AES-256-GCM or SM4-GCM."""

import base64
import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

INDEX_BYTES = 16
_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_VERSION = 1
_FIXED_HEADER = 3  # version, suite, length of the key id
_KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class Suite(StrEnum):
    """The pair of cipher and keyed hash an installation uses: international or 国密."""

    AES_GCM = "aes-gcm"
    SM4_GCM = "sm4-gcm"


_SUITE_BYTES = {Suite.AES_GCM: 1, Suite.SM4_GCM: 2}
_SUITES = {number: suite for suite, number in _SUITE_BYTES.items()}


class CryptoFault(Exception):  # noqa: N818 - named for what happened, as refusals are
    """Stored data and configured keys do not fit together."""


class BadKeys(CryptoFault):
    """The data-keys file is unusable."""


class UnknownKey(CryptoFault):
    """The data was encrypted with a key that is not configured any more."""


class KeysMissing(CryptoFault):
    """An encrypted column is used on an engine that was given no keys."""


class Tampered(CryptoFault):
    """The data was changed, cut, or belongs to another column."""


class _AesGcm:
    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
        return self._cipher.encrypt(nonce, plain, aad)

    def open(self, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        return self._cipher.decrypt(nonce, sealed, aad)


class _Sm4Gcm:
    def __init__(self, key: bytes) -> None:
        self._algorithm = SM4(key)

    def seal(self, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
        encryptor = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(aad)
        return encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def open(self, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        tag = sealed[-_TAG_BYTES:]
        decryptor = Cipher(self._algorithm, modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(aad)
        return decryptor.update(sealed[:-_TAG_BYTES]) + decryptor.finalize()


@lru_cache(maxsize=64)
def _cipher(suite: Suite, key: bytes) -> _AesGcm | _Sm4Gcm:
    """Each suite gets its own derived key: one secret never serves two algorithms."""
    length = 32 if suite is Suite.AES_GCM else 16
    derived = HKDFExpand(hashes.SHA256(), length, f"grid field {suite}".encode()).derive(key)
    return _AesGcm(derived) if suite is Suite.AES_GCM else _Sm4Gcm(derived)


@dataclass(frozen=True)
class Keys:
    """The data keys of one service. Encrypts with the active one, reads with every known one."""

    suite: Suite
    active: str
    keys: Mapping[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)
    index_suite: Suite | None = None  # set when an installation changed its suite but kept its indexes

    def __post_init__(self) -> None:
        if self.active not in self.keys:
            raise BadKeys(f"the active key {self.active!r} is not among the keys")
        if wrong := [name for name in self.keys if not _KEY_ID.fullmatch(name)]:
            raise BadKeys(f"key ids are 1 to 32 of a-z, 0-9 and hyphen, not {wrong!r}")
        if any(len(key) != _KEY_BYTES for key in (self.index_key, *self.keys.values())):
            raise BadKeys(f"every key must be {_KEY_BYTES} bytes")

    @classmethod
    def generate(cls, suite: Suite = Suite.AES_GCM, active: str = "k1") -> Self:
        return cls(suite, active, {active: os.urandom(_KEY_BYTES)}, os.urandom(_KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the JSON of GRID_<SERVICE>_DATA_KEYS_FILE."""
        try:
            raw = json.loads(text)
            keys = {name: base64.b64decode(key, validate=True) for name, key in raw["keys"].items()}
            index_suite = Suite(raw["index_suite"]) if "index_suite" in raw else None
            index_key = base64.b64decode(raw["index_key"], validate=True)
            return cls(Suite(raw["suite"]), raw["active"], keys, index_key, index_suite)
        except (ValueError, KeyError, TypeError, AttributeError):
            # The cause would print key material into the log.
            raise BadKeys("the data keys must be JSON with suite, active, keys and index_key") from None

    def to_json(self) -> str:
        keys = {name: base64.b64encode(key).decode() for name, key in self.keys.items()}
        index = {"index_key": base64.b64encode(self.index_key).decode()}
        if self.index_suite is not None:
            index["index_suite"] = self.index_suite
        return json.dumps({"suite": self.suite, "active": self.active, "keys": keys, **index})

    def with_new_key(self, active: str) -> Self:
        """Start a rotation: a fresh active key, the old ones stay readable."""
        if active in self.keys:
            raise BadKeys(f"the key id {active!r} is taken")
        return replace(self, active=active, keys={**self.keys, active: os.urandom(_KEY_BYTES)})

    def encrypt(self, plain: bytes, aad: str) -> bytes:
        """Encrypt for one column; aad is its label, such as population.person.phone."""
        header = bytes((_VERSION, _SUITE_BYTES[self.suite], len(self.active))) + self.active.encode()
        nonce = os.urandom(_NONCE_BYTES)
        cipher = _cipher(self.suite, self.keys[self.active])
        return header + nonce + cipher.seal(nonce, plain, header + aad.encode())

    def decrypt(self, blob: bytes, aad: str) -> bytes:
        suite, key_id, header_length = _read_header(blob)
        if key_id not in self.keys:
            raise UnknownKey(f"no data key {key_id!r} is configured")
        body = header_length + _NONCE_BYTES
        if len(blob) < body + _TAG_BYTES:
            raise Tampered("the encrypted value is too short")
        try:
            cipher = _cipher(suite, self.keys[key_id])
            return cipher.open(blob[header_length:body], blob[body:], blob[:header_length] + aad.encode())
        except InvalidTag:
            raise Tampered(f"the encrypted value was changed or is not of {aad}") from None

    def needs_rotation(self, blob: bytes) -> bool:
        suite, key_id, _ = _read_header(blob)
        return suite is not self.suite or key_id != self.active

    def rotate(self, blob: bytes, aad: str) -> bytes:
        """Encrypt anew under the active key, unless it is already."""
        return self.encrypt(self.decrypt(blob, aad), aad) if self.needs_rotation(blob) else blob

    def blind_index(self, text: str, label: str) -> bytes:
        """Hash a value so that it can be found but not read; equal values under other labels differ."""
        message = label.encode() + b"\0" + text.encode()
        if (self.index_suite or self.suite) is Suite.AES_GCM:
            return hmac.digest(self.index_key, message, "sha256")[:INDEX_BYTES]
        sm3 = HMAC(self.index_key, hashes.SM3())
        sm3.update(message)
        return sm3.finalize()[:INDEX_BYTES]

    def matches(self, index: bytes, text: str, label: str) -> bool:
        """Compare in constant time; for codes people type."""
        return hmac.compare_digest(index, self.blind_index(text, label))


def _read_header(blob: bytes) -> tuple[Suite, str, int]:
    if len(blob) < _FIXED_HEADER or blob[0] != _VERSION or blob[1] not in _SUITES:
        raise Tampered("the value does not carry an encryption header")
    end = _FIXED_HEADER + blob[2]
    try:
        return _SUITES[blob[1]], blob[_FIXED_HEADER:end].decode("ascii"), end
    except UnicodeDecodeError:
        raise Tampered("the key id of the encrypted value is not text") from None
