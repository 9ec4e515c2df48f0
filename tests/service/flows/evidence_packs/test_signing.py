from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from service.errors import KeysLost
from service.flows.evidence_packs.pack import verify_pack
from service.flows.evidence_packs.signing import Signer
from service.settings import Settings
from service.state.identity import Keyring, open_key_store, open_keyring
from tests.service.state.identity.keys import TemporaryKeyStore


def test_processes_with_one_store_sign_with_one_key(tmp_path: Path) -> None:
    with (
        closing(open_keyring(tmp_path, Settings())) as one,
        closing(open_keyring(tmp_path, Settings())) as two,
    ):
        first, other = Signer(one), Signer(two)
        assert first.published() == []
        key = first.sign({"quotes": []})["evidence"]["key"]
        assert other.sign({"quotes": []})["evidence"]["key"] == key
        assert other.rotate().id != key["id"]
        assert first.sign({"quotes": []})["evidence"]["key"]["id"] == other.published()[-1].id
    assert (tmp_path / "keys.sqlite").stat().st_mode & 0o077 == 0


def test_what_a_retired_key_signed_still_verifies() -> None:
    signer = Signer(Keyring(TemporaryKeyStore()), clock=iter([1.0, 2.0, 3.0, 4.0]).__next__)
    before = signer.sign({"quotes": []})
    signer.rotate()
    after = signer.sign({"quotes": []})
    assert verify_pack(json.dumps(before).encode()).holds
    old, new = signer.published()
    assert (old.public_key, old.created, old.retired) == (before["evidence"]["key"]["public_key"], 2.0, 3.0)
    assert (new.public_key, new.retired) == (after["evidence"]["key"]["public_key"], None)
    assert after["evidence"]["created"] == "1970-01-01T00:00:04Z"


def test_nothing_is_signed_with_keys_that_were_lost_or_exchanged(tmp_path: Path) -> None:
    with closing(open_keyring(tmp_path, Settings())) as keyring:
        signer = Signer(keyring)
        signer.sign({"quotes": []})
        for path in tmp_path.glob("keys.sqlite*"):
            path.unlink()
        open_key_store(tmp_path).close()
        with pytest.raises(KeysLost):
            signer.sign({"quotes": []})
        with pytest.raises(KeysLost):
            signer.rotate()
