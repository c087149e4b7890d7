"""What goes into a bundle while the log goes on, or fails, under the hands of who collects."""

from __future__ import annotations

from typing import Any

import pytest

from audittui.errors import StoreError, UsageError
from audittui.export.evidence import collect, report
from audittui.export.evidence.archive import unpack
from audittui.export.evidence.check import check_bundle
from audittui.export.evidence.manifest import decode_manifest
from audittui.export.evidence.names import MANIFEST, REPORT
from audittui.integrity.verifying.links import unverifiable
from audittui.integrity.verifying.prover import Prover
from tests import tampering
from tests.export.bundles import KEYS, LAYOUT, PROVEN, THIEF, Forger, Wanted, bundle, new_log


def test_an_entry_that_comes_while_it_is_looked_for_is_bundled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prove = Prover.prove
    asked: list[int] = []

    def late(self: Prover, seq: int) -> Any:
        asked.append(seq)
        if len(asked) == 1:
            raise UsageError("It is not there yet.")
        return prove(self, seq)

    monkeypatch.setattr(Prover, "prove", late)
    found = check_bundle(bundle([Wanted("payments/0", 7)]), KEYS)
    assert (asked, found.code, found.proven) == ([7, 7], 0, 1)


def test_what_cannot_be_read_makes_no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_log()
    tampering.delete(store, LAYOUT.key("payments/0", 7))

    def denied(*_: Any, **__: Any) -> Any:
        return unverifiable("payments/0", 7, "UNVERIFIABLE: access is denied.")

    monkeypatch.setattr(collect, "verify_entry", denied)
    with pytest.raises(StoreError, match="payments/0 7 could not be read: access is denied"):
        bundle(store=store)


def test_an_entry_that_is_marked_twice_is_bundled_once() -> None:
    data = bundle([Wanted("payments/0", 7, "a"), Wanted("payments/0", 7, "b")])
    (entry,) = decode_manifest(unpack(data)[MANIFEST]).entries
    assert entry.note == "b"
    assert check_bundle(data, KEYS).code == 0


def test_a_body_that_is_no_text_is_bundled_as_none() -> None:
    store = new_log()
    item = dict(store.get(LAYOUT.key("payments/0", 7)).item or {})
    for body in (b"\xff", 7, None):
        tampering.overwrite(
            store, {**item, "body": body} if body is not None else _without(item, "body")
        )
        data = bundle(store=store)
        found = check_bundle(data, KEYS)
        assert (found.code, found.faults, found.wrong[0].verdict) == (4, (), "MODIFIED"), body


def _without(item: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != name}


def test_a_doubtful_checkpoint_makes_a_doubtful_bundle() -> None:
    data = bundle(PROVEN[:3], key=THIEF)
    manifest = decode_manifest(unpack(data)[MANIFEST])
    assert {one.verdict for one in manifest.entries} == {"CHAINED"}
    assert "is not trusted" in manifest.entries[0].fault
    assert check_bundle(data, (THIEF.verifier,)).code == 4


def test_a_report_of_many_lists_some_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_SHOWN", 2)
    text = unpack(bundle())[REPORT].decode()
    assert text.count("| payments/0 ") == 2
    assert text.endswith("\nAnd 3 more, in the manifest.\n")


def test_a_report_shows_nothing_that_acts() -> None:
    hostile = "\x1b[31m\u202e[x](http://evil) | `a` <b> \u00ad\U000e0041\n# x"
    forger = Forger(bundle([Wanted("payments/0", 7, hostile)]))
    assert check_bundle(forger.packed(), KEYS).code == 0
    text = forger.files[REPORT].decode()
    assert text.replace("\n", "").isprintable()
    assert "\\u001b\\[31m\\u202e\\[x\\](http:\\//evil) \\| \\`a\\` \\<b\\> \\u00ad" in text.replace(
        "\\\\u", "\\u"
    )
    assert "\n# x" not in text
