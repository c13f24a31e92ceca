"""A key of one's own: made once, kept closed, and good for what it signed alone."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.chat.terminal.keys import KeyTrouble, make, read
from bot.chat.terminal.signatures import Ed25519
from bot.domain.act import Act

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
# RFC 8032, section 7.1, TEST 2.
PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def never() -> str:
    raise AssertionError("nobody has to be asked")


def test_a_key_is_its_owners_alone(tmp_path: Path) -> None:
    """A new key is a file that only its owner can read, in a folder that is made for it."""
    path = tmp_path / "config" / "twokey" / "key.pem"
    own = make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert read(path, ask=never).account == own.account
    assert (own.account.platform, own.account.tenant, len(own.account.user)) == (
        "key",
        "ed25519",
        64,
    )


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """Where a file is already none is made, and it stays what it was."""
    path = tmp_path / "key.pem"
    own = make(path)
    with pytest.raises(KeyTrouble, match=r"never overwritten.*Nothing was changed"):
        make(path)
    assert read(path, ask=never).account == own.account


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o601])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """A key that was open to anybody else is not used, and the sentence says how to close it."""
    path = tmp_path / "key.pem"
    make(path)
    path.chmod(mode)
    with pytest.raises(KeyTrouble, match="chmod 600"):
        read(path, ask=never)


def test_a_passphrase_is_asked_for(tmp_path: Path) -> None:
    """A key with a passphrase opens with that one, and with no other."""
    path = tmp_path / "key.pem"
    own = make(path, passphrase="five words are easily kept")
    assert "ENCRYPTED" in path.read_text()
    assert read(path, ask=lambda: "five words are easily kept").account == own.account
    for wrong in ("", "five words", "\ud800"):
        with pytest.raises(KeyTrouble, match="the passphrase is wrong"):
            read(path, ask=lambda answer=wrong: answer)  # type: ignore[misc]


def test_what_is_no_key_is_a_sentence(tmp_path: Path) -> None:
    """A missing file, a folder, nonsense and a key of another kind end with a sentence."""
    other = generate_private_key(SECP256R1())
    contents = {
        "nonsense.pem": b"\xff\x00 no key",
        "empty.pem": b"",
        "other.pem": other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
        with pytest.raises(KeyTrouble):
            read(tmp_path / name, ask=never)
    with pytest.raises(KeyTrouble, match="Make one with twokey key"):
        read(tmp_path / "missing.pem", ask=never)
    with pytest.raises(KeyTrouble, match="can't be"):
        read(tmp_path, ask=never)
    with pytest.raises(KeyTrouble, match="can't be written"):
        make(tmp_path / "empty.pem" / "key.pem")


def test_a_signature_is_good_for_one_text_and_one_key(tmp_path: Path) -> None:
    """What was signed is good to the last byte, and for the key that signed it."""
    own, other = make(tmp_path / "one.pem"), make(tmp_path / "two.pem")
    delivery, signed = own.sign(Act("approve", "rb-7f3k", "f" * 64), store="5" * 64, at=NOON)
    again, same = own.sign(Act("approve", "rb-7f3k", "f" * 64), store="5" * 64, at=NOON)
    good = {"key": own.account.user, "text": signed.text, "signature": signed.signature}
    assert Ed25519().is_good(**good)
    assert delivery != again
    assert signed.text != same.text
    for wrong in (
        {"text": signed.text + " "},
        {"text": same.text},
        {"text": "\ud800"},
        {"key": other.account.user},
        {"key": "00"},
        {"key": "no key"},
        {"signature": same.signature},
        {"signature": ""},
        {"signature": signed.signature[:-2]},
        {"signature": "ü" * 128},
    ):
        assert not Ed25519().is_good(**(good | wrong))


def test_signatures_are_those_of_the_standard() -> None:
    """The example of RFC 8032 is good, and with its order added to the second half it is not."""
    assert Ed25519().is_good(key=PUBLIC, text="r", signature=SIGNATURE)
    order = 2**252 + 27742317777372353535851937790883648493
    half = int.from_bytes(bytes.fromhex(SIGNATURE)[32:], "little") + order
    malleable = SIGNATURE[:64] + half.to_bytes(32, "little").hex()
    assert not Ed25519().is_good(key=PUBLIC, text="r", signature=malleable)
