"""``checkpoint forget`` tells what it retired, in every format."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integrity.bench import KEY, Bench


@pytest.fixture
def bench(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Bench:
    bench = Bench(tmp_path, monkeypatch, capfd)
    bench.trust(KEY)
    bench.append()
    return bench


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_what_is_forgotten_is_told_as_objects(bench: Bench, form: str) -> None:
    bench.seal()
    bench("verify", "--chain", "payments/0")
    origin = f"{KEY.name}/payments/0"
    words = ("checkpoint", "forget", origin, "--reason", "moved")
    out, _ = bench(*words, "--format", form)
    found = json.loads(out) if form == "json" else [json.loads(line) for line in out.splitlines()]
    assert [(one["forgotten"], one["chain"], one["size"]) for one in found] == [
        ("pin", "payments/0", 12), ("mark", "payments/0", 12),
    ]  # fmt: skip
    assert found[0]["origin"] == origin
    assert len(found[0]["root"]) == 64
    assert bench(*words, "--format", form, code=2)[0] == ""


def test_text_prints_nothing_on_stdout(bench: Bench) -> None:
    bench("verify", "--chain", "payments/0", code=3)
    out, err = bench("checkpoint", "forget", "payments/0", "--reason", "moved")
    assert (out, "was verified up to entry 11" in err) == ("", True)
