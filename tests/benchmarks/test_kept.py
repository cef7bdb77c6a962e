from __future__ import annotations

import pytest

from benchmarks import kept


def test_kept_results_belong_to_one_command_and_one_program(tmp_path, monkeypatch):
    note = tmp_path / "work" / "made_with.json"
    kept.claim_kept(note, {"start": "a"})
    kept.claim_kept(note, {"start": "a"})
    with pytest.raises(ValueError, match=r"made_with.json` notes .* got another start; delete"):
        kept.claim_kept(note, {"start": "b"})
    with pytest.raises(ValueError, match="got another tested"):
        kept.claim_kept(note, {"start": "a", "tested": "validation"})
    old = tmp_path / "old" / "made_with.json"
    old.parent.mkdir()
    (old.parent / "x.npz").touch()
    with pytest.raises(ValueError, match="must have a note of the program that made them"):
        kept.claim_kept(old, {}, results="*.npz")
    monkeypatch.setattr(kept, "digest_program", lambda: "another")
    with pytest.raises(ValueError, match="got another program"):
        kept.claim_kept(note, {"start": "a"})
