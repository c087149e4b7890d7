"""The mutants of a module: each is the module with one small thing wrong.

Only what a reader would call a mistake: a comparison that is off, a bound that is off by one, a
check that is gone, ``and`` for ``or``, a lock that is not taken, a flag that is turned, a call that
is left out. Texts, type annotations and docstrings are left alone.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_GUARDS = (ast.Raise, ast.Return, ast.Continue, ast.Break)
_EXTREMES = {"min": "max", "max": "min"}
_LOCKS = ("lock", "condition")


@dataclass(frozen=True)
class Mutant:
    """One mutant of the module at ``path``: ``name`` identifies it until its code changes.

    ``name`` is ``function: old -> new``, with ``(n)`` behind it where a function has the same text
    several times. ``line`` is where the change is now.
    """

    path: Path
    line: int
    name: str
    module: ast.Module
    place: int
    new: ast.AST

    def tree(self) -> ast.Module:
        """The module with the change in it."""
        tree = copy.deepcopy(self.module)
        _replace(tree, self.place, copy.deepcopy(self.new))
        return tree

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.name}"


def mutants_of(path: Path) -> list[Mutant]:
    """The mutants of the module at ``path``, in the order of their lines."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    found: list[Mutant] = []
    times: dict[str, int] = {}
    for place, (node, scope) in enumerate(_code(module)):
        for old, new in _changes(node):
            name = f"{scope}: {_text(old)} -> {_text(new)}"
            times[name] = times.get(name, 0) + 1
            if times[name] > 1:
                name = f"{name} ({times[name]})"
            found.append(Mutant(path, getattr(node, "lineno", 0), name, module, place, new))
    return found


def _code(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Every node that runs, with the name of its function."""

    def walk(node: ast.AST, scope: str) -> Iterator[tuple[ast.AST, str]]:
        for child in _children(node):
            inner = scope
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{scope}.{child.name}" if scope else child.name
            yield child, scope or "(module)"
            yield from walk(child, inner)

    yield from walk(module, "")


def _children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If) and _is_type_checking(node.test):
        return
    left_alone = ["annotation", "returns", "decorator_list"]
    if isinstance(node, ast.ClassDef):
        left_alone += ["bases", "keywords"]
    for name, value in ast.iter_fields(node):
        if name in left_alone:
            continue
        if isinstance(value, list):
            yield from (item for item in value if isinstance(item, ast.AST))
        elif isinstance(value, ast.AST):
            yield value


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _changes(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The replacements of ``node``, each with one thing wrong."""
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            turned = _COMPARISONS.get(type(operator))
            if turned is not None:
                ops: list[ast.cmpop] = [*node.ops]
                ops[at] = turned()
                yield node, ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield node, ast.BoolOp(other, node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, node.operand
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        if _is_number(node.right) or _is_number(node.left):
            opposite = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield node, ast.BinOp(node.left, opposite, node.right)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in _EXTREMES and len(node.args) > 1:
            yield node, ast.Call(ast.Name(_EXTREMES[node.func.id]), node.args, node.keywords)
    elif isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant):
        # zip's strict= detects bugs in the code itself; no user meets it.
        if isinstance(node.value.value, bool) and node.arg != "strict":
            yield node, ast.keyword(node.arg, ast.Constant(not node.value.value))
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Constant):
        if isinstance(node.value.value, bool):
            yield node, ast.Return(ast.Constant(not node.value.value))
    elif isinstance(node, ast.If) and isinstance(node.body[-1], _GUARDS) and not node.orelse:
        yield node.test, ast.If(ast.Constant(False), node.body, [])
    elif isinstance(node, ast.With) and _is_lock(node):
        yield node.items[0].context_expr, ast.If(ast.Constant(True), node.body, [])
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield node, ast.Pass()


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def _is_lock(node: ast.With) -> bool:
    held = ast.unparse(node.items[0].context_expr).lower()
    return len(node.items) == 1 and held.endswith(_LOCKS)


def _replace(tree: ast.Module, place: int, new: ast.AST) -> None:
    """Replace the node at ``place`` of `_code` by ``new``: copies are walked alike."""
    target = next(node for at, (node, _) in enumerate(_code(tree)) if at == place)
    ast.copy_location(new, target)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, new)
            elif isinstance(value, list):
                for at, item in enumerate(value):
                    if item is target:
                        value[at] = new
    ast.fix_missing_locations(tree)


def _text(node: ast.AST) -> str:
    """A node in a line: the words that changed, without the blocks below."""
    if isinstance(node, ast.If):
        text = f"if {ast.unparse(node.test)}"
    elif isinstance(node, ast.keyword):
        text = f"{node.arg}={ast.unparse(node.value)}"
    else:
        text = ast.unparse(node)
    text = " ".join(text.split())
    return text if len(text) <= 90 else f"{text[:87]}..."
