"""No byte, field or file of a bundle can be changed, also not with all digests written anew."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.export.evidence.archive import unpack
from tests.export.bundles import (
    HONEST,
    SIGNED,
    THIEF,
    Forger,
    checked,
)

WORD = {
    "tool", "created", "place", "layout", "question", "coverage", "complete", "cost", "keys",
    "collector",
}  # fmt: skip
"""What is the collector's word in a manifest; besides, notes, ``sealed_at``, and what is left
out."""


def test_no_byte_can_be_changed() -> None:
    assert len(SIGNED) > 5000

    @given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
    @settings(max_examples=300)
    def changed(place: int, bits: int) -> None:
        bent = bytearray(SIGNED)
        bent[place] ^= bits
        assert checked(bytes(bent)).code == 4

    changed()
    for bent in (SIGNED[:-1], SIGNED + b"\0", b"", SIGNED[1:], SIGNED + SIGNED, SIGNED[:1000]):
        assert checked(bent).code == 4


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for name, inner in value.items():
            found += _paths(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            found += _paths(inner, (*path, place))
    return found


PATHS = _paths(Forger(SIGNED).manifest)
_VALUES = st.one_of(
    st.sampled_from(
        ["", "x", None, True, False, 0, -1, 7, 2**70, 1.5, [], {}, "ANCHORED", "CHAINED", "MISSING"]
    ),
    st.text(max_size=8),
    st.sampled_from(PATHS),
)


def _edited(forger: Forger, path: tuple[Any, ...], value: Any) -> None:
    """Put a value, or that of another path, in the place of ``path``; None takes it out."""
    place = forger.manifest
    for step in path[:-1]:
        place = place[step]
    if isinstance(value, tuple):
        found = forger.manifest
        for step in value:
            found = found[step]
        value = copy.deepcopy(found)
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value


@given(st.sampled_from(PATHS), _VALUES, st.booleans())
@settings(max_examples=250)
def test_no_field_of_a_signed_bundle_can_be_changed(
    path: tuple[Any, ...], value: Any, resigned: bool
) -> None:
    forger = Forger(SIGNED)
    _edited(forger, path, value)
    forged = forger.packed(sign=THIEF if resigned else None)
    assert forged == SIGNED or checked(forged, signed=True).code != 0


def _is_word(path: tuple[Any, ...]) -> bool:
    return (
        path[0] in WORD
        or path[-1] in ("note", "sealed_at")
        or (path[0] == "entries" and len(path) < 3)
    )


UNSIGNED_PATHS = [path for path in _paths(Forger(HONEST).manifest) if not _is_word(path)]


@given(st.sampled_from(UNSIGNED_PATHS), _VALUES)
@settings(max_examples=250)
def test_nothing_that_follows_from_the_files_can_be_changed(
    path: tuple[Any, ...], value: Any
) -> None:
    forger = Forger(HONEST)
    try:
        _edited(forger, path, value)
    except (KeyError, IndexError):
        return  # the path that the value comes from is a signed bundle's
    forged = forger.packed()
    assert forged == HONEST or checked(forged).code != 0


@given(
    st.sampled_from([name for name in unpack(HONEST) if name.split("/")[0] != "runbook.yaml"]),
    st.integers(0, 10**6), st.binary(max_size=3), st.integers(0, 3),
)  # fmt: skip
@settings(max_examples=250)
def test_no_file_can_be_changed_with_all_digests_written_anew(
    name: str, place: int, put: bytes, cut: int
) -> None:
    forger = Forger(HONEST)
    data = forger.files[name]
    place %= len(data) + 1
    forger.files[name] = data[:place] + put + data[place + cut :]
    entry = next((one for one in forger.entries if one["file"] == name), None)
    if entry is not None:
        forger.rewrite(entry, b"", b"")
    forged = forger.packed()
    assert forged == HONEST or checked(forged).code != 0
