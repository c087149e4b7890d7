"""The lines of the detail view: parts that fold, with the tree of the body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from rich.text import Text

from audittui.escape import ELLIPSIS, escaped, shortened
from audittui.tui.model.counts import counted
from audittui.tui.model.json_lines import JsonLines
from audittui.tui.text.entry import LONGEST, Item
from audittui.tui.text.wrapping import wrapped
from audittui.tui.theme.palette import ACCENT, DIM, GOOD, WARN

_STYLES = {"key": ACCENT, "string": GOOD, "number": WARN, "word": WARN, "note": DIM}
_LONGEST_PATH = 80


class Part(msgspec.Struct, frozen=True):
    """Some lines under a title; a part without a title does not fold. ``name`` stays the same when
    the contents change."""

    name: str
    items: Sequence[Item] = ()
    title: str = ""
    tree: JsonLines | None = None


class Place(NamedTuple):
    """A line, by what it shows: a part, the number of an item (-1: the title, -2: the space before
    it) or of a tree line, and which of the item's lines it is."""

    part: str
    item: int
    line: int = 0


class Value(NamedTuple):
    """The value on a line: its name and its full raw text."""

    name: str
    text: str


class _Laid(NamedTuple):
    place: Place
    text: Text


class Outline:
    """Lines; those of the tree are made on demand."""

    def __init__(self) -> None:
        self.folded: set[str] = set()
        """The names of folded parts."""
        self._parts: tuple[Part, ...] = ()
        self._width = 80
        self._laid: list[_Laid] = []
        self._tree: JsonLines | None = None
        self._searched: list[tuple[Place, str]] | None = None

    def lay(self, parts: Sequence[Part], width: int) -> None:
        """Lay out these parts in ``width`` cells."""
        if tuple(parts) != self._parts:
            self._searched = None
        self._parts, self._width = tuple(parts), max(width, 20)
        self._laid, self._tree = [], None
        for part in self._parts:
            if self._laid:
                self._laid.append(_Laid(Place(part.name, -2), Text()))
            if part.title:
                self._lay_title(part)
            if part.name in self.folded:
                continue
            for number, item in enumerate(part.items):
                for line, text in enumerate(wrapped(item.text, self._width, item.hang)):
                    self._laid.append(_Laid(Place(part.name, number, line), text))
            self._tree = part.tree

    def _lay_title(self, part: Part) -> None:
        text = Text.assemble((part.title, f"bold {ACCENT}"))
        if part.name in self.folded:
            count = len(part.tree.lines) if part.tree is not None else len(part.items)
            text.append(f"  {counted(count, 'line')} folded", DIM)
        self._laid.append(_Laid(Place(part.name, -1), text))

    def __len__(self) -> int:
        return len(self._laid) + (len(self._tree.visible) if self._tree is not None else 0)

    def tree_line(self, at: int) -> int | None:
        """The tree's line at this line; None if another part is there."""
        if self._tree is None or at < len(self._laid):
            return None
        return self._tree.visible[at - len(self._laid)]

    def text(self, at: int, *, whole: bool = False) -> Text:
        """The text of a line, harmless; a string of the tree is cut unless ``whole``."""
        line = self.tree_line(at)
        if line is None:
            return self._laid[at].text
        assert self._tree is not None
        depth, most = 2 * self._tree.lines[line].depth, self._width // 2
        if depth <= most:
            text = Text(" " * depth)
        else:
            # Deeper than the window is wide: the depth is shown instead.
            told = f"{depth // 2:,} deep".ljust(most - 1)[: most - 1]
            text = Text.assemble((f"{told} ", DIM))
        for piece in self._tree.pieces(line, None if whole else 2 * self._width):
            text.append(piece.text, _STYLES.get(piece.kind, ""))
        return text

    def value(self, at: int) -> Value | None:
        """The value to copy from a line; None if there is none."""
        line = self.tree_line(at)
        if line is not None:
            assert self._tree is not None
            path = self._tree.path(line)
            if len(path) > _LONGEST_PATH:
                path = ELLIPSIS + path[-_LONGEST_PATH:]
            return Value(escaped(path) or "the body", self._tree.value(line))
        place = self._laid[at].place
        if place.item < 0:
            return None
        item = next(one for one in self._parts if one.name == place.part).items[place.item]
        return (
            Value(escaped(shortened(item.name, _LONGEST_PATH)), item.value) if item.name else None
        )

    def place(self, at: int) -> Place:
        """The place of a line."""
        line = self.tree_line(at)
        if line is None:
            return self._laid[at].place if at < len(self._laid) else Place("", 0)
        return Place(self._tree_part, line)

    @property
    def _tree_part(self) -> str:
        return next((one.name for one in self._parts if one.tree is not None), "")

    def find(self, place: Place) -> int | None:
        """The current line of a place, or what is left of it: its item, or its part's title."""
        if self._tree is not None and place.item >= 0 and place.part == self._tree_part:
            visible = self._tree.visible
            try:
                return len(self._laid) + visible.index(place.item)
            except ValueError:
                return None
        best = None
        for at, laid in enumerate(self._laid):
            if laid.place == place:
                return at
            if laid.place.part == place.part and laid.place.item <= place.item:
                best = at
        return best

    # Folding

    def fold(self, at: int) -> int:
        """Fold what starts on a line, or go to its parent. Returns the line for the cursor."""
        line, place = self.tree_line(at), self.place(at)
        if line is None:
            return self._fold_part(place)
        tree = self._tree
        assert tree is not None
        one = tree.lines[line]
        if one.kind == "open" and line not in tree.folded:
            tree.fold(line)
            return at
        upper = one.mate if one.kind == "close" else one.parent
        found = self.find(place._replace(item=upper if upper >= 0 else -1))
        return at if found is None else found

    def _fold_part(self, place: Place) -> int:
        title = self.find(Place(place.part, -1))
        if title is None:
            return self.find(place) or 0
        if place.item < 0:
            self._set_folded(place.part, folded=True)
        return self.find(Place(place.part, -1)) or 0

    def unfold(self, at: int) -> bool:
        """Unfold what starts on a line. True if it did."""
        line, place = self.tree_line(at), self.place(at)
        if line is None:
            if place.item >= 0 or place.part not in self.folded:
                return False
            self._set_folded(place.part, folded=False)
            return True
        assert self._tree is not None
        if line not in self._tree.folded:
            return False
        self._tree.fold(line, folded=False)
        return True

    def foldable(self, at: int) -> bool:
        """True if something that folds starts or ends on a line."""
        line = self.tree_line(at)
        if line is None:
            return self.place(at).item == -1
        assert self._tree is not None
        return self._tree.lines[line].kind in ("open", "close")

    def fold_all(self) -> bool:
        """Unfold everything; if nothing is folded, fold the body's containers and all other parts.
        True if it is folded now."""
        titled = {part.name for part in self._parts if part.title}
        trees = [part.tree for part in self._parts if part.tree is not None]
        folded = not (self.folded & titled) and not any(tree.folded for tree in trees)
        for tree in trees:
            tree.fold_all(folded=folded)
        body = {part.name for part in self._parts if part.tree is not None}
        self.folded = (self.folded - titled) | (titled - body if folded else set())
        self.lay(self._parts, self._width)
        return folded

    def _set_folded(self, part: str, *, folded: bool) -> None:
        if folded:
            self.folded.add(part)
        else:
            self.folded.discard(part)
        self.lay(self._parts, self._width)

    def next_title(self, at: int, step: int) -> int | None:
        """The line of the next part's title, or the previous one's; the start counts as one."""
        titles = [0, *(at for at, laid in enumerate(self._laid) if laid.place.item == -1)]
        beyond = [one for one in titles if (one - at) * step > 0]
        if not beyond:
            return None
        return min(beyond) if step > 0 else max(beyond)

    # Search

    def matches(self, wanted: str) -> list[Place]:
        """The places of a text, folded or not, in the order of the lines; case is ignored."""
        if self._searched is None:
            self._searched = []
            for part in self._parts:
                for number, item in enumerate(part.items):
                    found = item.text.plain
                    if len(item.value) > LONGEST:
                        found += f"\n{escaped(item.value)}"
                    self._searched.append((Place(part.name, number), found.casefold()))
                if part.tree is not None:
                    for line in range(len(part.tree.lines)):
                        text = part.tree.unfolded_text(line).casefold()
                        self._searched.append((Place(part.name, line), text))
        needle = wanted.casefold()
        return [place for place, text in self._searched if needle in text] if needle else []

    def reveal(self, place: Place) -> int:
        """Unfold what hides a place; returns its line."""
        if place.part in self.folded:
            self._set_folded(place.part, folded=False)
        tree = next((one.tree for one in self._parts if one.name == place.part), None)
        if tree is not None:
            tree.reveal(place.item)
        return self.find(place) or 0
