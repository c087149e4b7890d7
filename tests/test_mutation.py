"""The parts of the mutation run: what a mutant is, and that ``mutants.toml`` matches the code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutation.changes import mutants_of
from tests.mutation.judges import ROOT, read_mutants


def changed(tmp_path: Path, code: str) -> set[str]:
    """The texts of all mutants of ``code``."""
    path = tmp_path / "module.py"
    path.write_text(code)
    return {ast.unparse(mutant.tree()) for mutant in mutants_of(path)}


@pytest.mark.parametrize(
    ("code", "mutants"),
    [
        ("x = a < b", {"x = a <= b"}),
        ("x = 0 <= a < n", {"x = 0 < a < n", "x = 0 <= a <= n"}),
        ("x = a is None", {"x = a is not None"}),
        ("x = a and b", {"x = a or b"}),
        ("x = not a", {"x = a"}),
        ("x = a + 1", {"x = a - 1"}),
        ("x = a + b", set()),
        ("x = min(a, b)", {"x = max(a, b)"}),
        ("x = read(key, consistent=True)", {"x = read(key, consistent=False)"}),
        ("check(a)", {"pass"}),
        ("with self._lock:\n    x = 1", {"if True:\n    x = 1"}),
        ("class A(Struct, frozen=True):\n    pass", set()),
        ('"""A text."""\nx: Literal[a < b] = 1', set()),
    ],
)
def test_one_thing_is_wrong_in_each(tmp_path: Path, code: str, mutants: set[str]) -> None:
    assert changed(tmp_path, code) == mutants


def test_a_guard_is_dropped(tmp_path: Path) -> None:
    code = "def f(a):\n    if a > 1:\n        raise ValueError\n    return a"
    assert changed(tmp_path, code) == {
        ast.unparse(ast.parse(code.replace("a > 1", wrong))) for wrong in ("a >= 1", "False")
    }


def test_equal_texts_have_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("def f(a):\n    x = a < 1\n    y = a < 1\n")
    assert [mutant.name for mutant in mutants_of(path)] == [
        "f: a < 1 -> a <= 1",
        "f: a < 1 -> a <= 1 (2)",
    ]


def test_every_pattern_and_every_listed_mutant_still_exists() -> None:
    known = read_mutants()
    files = known.files()
    for judge in known.judge:
        assert any(known.tests_for(file) == judge.tests for file in files), judge.files
        for test in judge.tests:
            assert (ROOT / test).exists(), test
    for one in known.unnoticed:
        assert one.reason
        names = {mutant.name for mutant in mutants_of(ROOT / one.file)}
        assert one.mutant in names, f"{one.file}: {one.mutant}"
