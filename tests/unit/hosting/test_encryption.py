from __future__ import annotations

import base64
import pickle
import sys

import pytest

from runwright.errors import MissingExtra, SettingError
from runwright.hosting.encryption import Cipher, is_encrypted

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize("text", ["", "hunter2", "snow ☃\n\x00", "x" * 100_000])
def test_what_is_encrypted_can_be_decrypted(text):
    encrypted = Cipher(KEY).encrypt(text)

    assert text == Cipher(KEY).decrypt(encrypted)
    assert is_encrypted(encrypted)
    assert encrypted.startswith("rw1:")
    assert not text or text not in encrypted


def test_a_text_is_encrypted_in_another_way_each_time():
    assert Cipher(KEY).encrypt("hunter2") != Cipher(KEY).encrypt("hunter2")


def test_a_text_of_the_first_version_can_be_read_for_ever():
    assert "hunter2" == Cipher(KEY).decrypt("rw1:AAECAwQFBgcICQoLL3e4b6CX8F5FeF_lItx6YL3pRcE_HiA=")


def test_another_key_does_not_open_it():
    with pytest.raises(SettingError, match="encrypted with another key, or was changed"):
        Cipher(OTHER).decrypt(Cipher(KEY).encrypt("hunter2"))


@pytest.mark.parametrize("at", [5, 20, -3])
def test_a_text_that_was_changed_is_refused(at):
    encrypted = list(Cipher(KEY).encrypt("hunter2"))
    encrypted[at] = "A" if encrypted[at] != "A" else "B"

    with pytest.raises(SettingError, match="was changed"):
        Cipher(KEY).decrypt("".join(encrypted))


@pytest.mark.parametrize("text", ["rw1:", "rw1:AAAA", "rw1:☃", "rw1:" + "A" * 16])
def test_what_is_too_short_is_refused(text):
    with pytest.raises(SettingError, match="cannot be decrypted"):
        Cipher(KEY).decrypt(text)


@pytest.mark.parametrize("text", ["hunter2", "", "rw2:AAAA"])
def test_what_is_not_encrypted_is_told_apart(text):
    assert not is_encrypted(text)
    assert not is_encrypted(None)
    with pytest.raises(SettingError, match="is no encrypted text"):
        Cipher(KEY).decrypt(text)


def test_without_a_key_it_says_how_to_make_one():
    for use in (Cipher("").encrypt, Cipher("").decrypt):
        with pytest.raises(SettingError, match="set RUNWRIGHT_ENCRYPTION_KEY to 32 random bytes"):
            use("text")


@pytest.mark.parametrize("key", ["short", KEY[:-4], "☃", KEY + "AAAA"])
def test_what_is_no_key_is_not_shown(key):
    with pytest.raises(SettingError, match="32 bytes in base64") as refused:
        Cipher(key).encrypt("text")

    assert key not in str(refused.value)


def test_without_the_library_it_says_which_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)

    with pytest.raises(MissingExtra, match=r"runwright\[encryption\]"):
        Cipher(KEY).encrypt("text")


def test_a_cipher_travels_and_shows_no_key():
    cipher = Cipher(KEY)
    encrypted = cipher.encrypt("hunter2")

    assert "hunter2" == pickle.loads(pickle.dumps(cipher)).decrypt(encrypted)
    assert "Cipher(a key)" == repr(cipher)
