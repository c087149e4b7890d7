"""Rows that no chain of the registry vouches for.

Anyone who can write can put an item into an index under any key. The registry lists the chains:
a row of any other chain, or under a key that is not an entry's, is reported as such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from audittui.layout.model import Layout
from audittui.layout.row import Row
from audittui.query.result import ResultPage
from audittui.query.tally import Tally, Teller

UNREGISTERED = "not in the registry"
NO_ENTRY = "not the key of an entry"
_LOOKS = 3
"""How often the registry is read again: chains may be created during a run."""


class Strangers:
    """Tells the rows of registered chains from the others.

    ``chains`` are those in the registry; ``again`` reads it once more, and is called before a row
    is reported as a stranger. Layouts without chains have no strangers.
    """

    def __init__(
        self, layout: Layout, chains: Sequence[str], again: Callable[[], Sequence[str]]
    ) -> None:
        self.seen: Counter[tuple[str, str]] = Counter()
        """The number of rows of each stranger, by chain or key and by reason."""
        self.chains: dict[str, None] = {}
        """The chains of all rows so far."""
        self._layout = layout
        self._teller = Teller(layout)
        self._known = set(chains)
        self._again = again
        self._looks = 0
        self._whys: dict[str, str] = {}

    def watch(self, pages: Iterable[ResultPage]) -> Iterator[ResultPage]:
        """``pages``, each checked before it is yielded."""
        for page in pages:
            if self._layout.chained:
                for row in page.rows:
                    self._look(row)
            yield page

    def count(self, tally: Tally) -> None:
        """Check what was counted instead of listed."""
        for chain, number in tally.chains.items():
            self.chains.setdefault(chain)
            if self._unregistered(chain):
                self.seen[chain, UNREGISTERED] += number
        for key, number in tally.keys.items():
            self.seen[key, NO_ENTRY] += number

    def why(self, row: Row) -> str:
        """Why a row is a stranger, in a few words; empty if it is not."""
        return self._why(row) if self._layout.chained else ""

    def chain(self, row: Row) -> str:
        """The row's chain, marked if it is a stranger."""
        why = self.why(row)
        return f"{row.chain} ({why})" if why else row.chain

    @property
    def several(self) -> bool:
        """True when the rows so far belong to several chains, or include a stranger."""
        return len(self.chains) > 1 or bool(self.seen)

    def sentence(self) -> str:
        """A warning about the strangers; empty if there are none."""
        if not self.seen:
            return ""
        count = self.seen.total()
        shown = self.seen.most_common(5)
        named = ", ".join(f"{name} ({why}, {rows:,})" for (name, why), rows in shown)
        more = f", and {len(self.seen) - 5} more" if len(self.seen) > 5 else ""
        rows = "row does" if count == 1 else "rows do"
        return (
            f"{count:,} {rows} not belong to this log, and nothing vouches for the content: "
            f"{named}{more}."
        )

    def _look(self, row: Row) -> None:
        self.chains.setdefault(row.chain)
        why = self._why(row)
        if why:
            self.seen[row.chain if why == UNREGISTERED else _key(row), why] += 1

    def _why(self, row: Row) -> str:
        if row.seq < 0 or not self._is_entry(row):
            return NO_ENTRY
        return self._unregistered(row.chain)

    def _unregistered(self, chain: str) -> str:
        if chain in self._known:
            return ""
        found = self._whys.get(chain)
        if found is None:
            if self._looks < _LOOKS:
                self._looks += 1
                self._known.update(self._again())
            found = self._whys[chain] = "" if chain in self._known else UNREGISTERED
        return found

    def _is_entry(self, row: Row) -> bool:
        partition, sort = row.key
        return self._teller.chain(partition) == row.chain and self._teller.is_place(sort)


def _key(row: Row) -> str:
    return f"{row.key[0]} {row.key[1]}"
