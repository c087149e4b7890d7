"""What was marked, taken away: as a list, or as an evidence bundle, made in a thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from audittui.errors import AuditError
from audittui.escape import escaped
from audittui.tui.application.exporting import ExportingApp
from audittui.tui.text.words import entries_text
from audittui.tui.theme.palette import ACCENT, BAD, DIM

if TYPE_CHECKING:
    from audittui.export.evidence.manifest import Manifest

_COLUMNS = ("time", "actor", "action", "resource", "outcome", "chain", "seq")
_RCU_AN_ENTRY = 10
"""What proving one takes at most."""


_FAULTS = 5
"""How many entries that are not genuine are named."""


class _CancelledError(AuditError):
    """Somebody cancelled."""


class MarkingApp(ExportingApp):
    """What was marked, taken away: as a list, or as an evidence bundle, made in a thread."""

    def export_marks(self, path: Path) -> None:
        """Write the marks, with their notes, as a list."""
        from audittui.export.result import Extent
        from audittui.tui.model.export import Taken, form_of

        marks, form = tuple(self.marks), form_of(path)
        taken = Taken(
            [one.row for one in marks],
            columns=_COLUMNS,
            teller="note",
            told=[one.note for one in marks],
        )
        extent = Extent(
            title="Marked entries",
            command=f"audittui evidence create --marks {path.name}" if form == "jsonl" else "",
            complete=True, covers="entries that somebody marked", noun="marked entry",
        )  # fmt: skip
        self.export(taken, path, extent)

    def evidence_details(self) -> Sequence[str]:
        """What a bundle of the marks will be, before it is made."""
        count = len(self.marks)
        details = [
            f"{entries_text(count)} with notes, proofs and checkpoints, for whoever has no table:",
            "audittui evidence verify FILE.zip checks every byte of it.",
            f"Reading and proving takes at most about {count * _RCU_AN_ENTRY:,} RCU.",
            "It is not signed; audittui evidence create --sign KEY makes one that is.",
        ]
        target = self.target if self.connection is None else self.connection.target
        if not target.trusted_keys:
            details.append("No key is trusted here (trusted_keys): nothing in it will be proven.")
        return details

    def make_evidence(self, path: Path) -> None:
        """Make an evidence bundle of the marks; say how far it is, and in the end what it is."""
        connection = self.connection
        if connection is None:
            self.main.say("There is no connection: r connects again.")
            return
        if self._export is not None:
            self.main.say("An export is under way: Ctrl-C cancels it.")
            return
        stop = self._export = threading.Event()
        marks = tuple(self.marks)

        def progress(done: int, total: int) -> None:
            if stop.is_set():
                raise _CancelledError("Cancelled: no bundle was written.")
            said = f"Proving for {path}: {done:,} of {total:,}. Ctrl-C cancels."
            self.arrive(lambda: self.main.say(said))

        def work() -> None:
            from audittui import timestamp
            from audittui.export.evidence.archive import unpack
            from audittui.export.evidence.collect import Source, Wanted, make_bundle
            from audittui.export.evidence.manifest import decode_manifest
            from audittui.export.evidence.names import MANIFEST
            from audittui.integrity.settings import anchor_settings
            from audittui.whole_file import demand_free, write_new

            demand_free(path)
            wanted = [Wanted(one.row.chain, one.row.seq, one.note) for one in marks]
            data = make_bundle(
                connection, wanted, Source(), anchor_settings(connection.target.trusted_keys),
                now=timestamp.now(), progress=progress,
            )  # fmt: skip
            write_new(path, data)
            manifest = decode_manifest(unpack(data)[MANIFEST])
            self.arrive(lambda: done(manifest, data))

        def done(manifest: Manifest, data: bytes) -> None:
            self._export = None
            self.spend(manifest.cost.rcu)
            self._told(path, manifest, data)

        def failed(error: Exception) -> None:
            self._export = None
            self.main.say(str(error))

        self.main.say("Reading what was marked… Ctrl-C cancels.")
        self.work(work, failed, "evidence")

    def _told(self, path: Path, manifest: Manifest, data: bytes) -> None:
        """Say what was written: on a screen of its own, so that the hash can be kept."""
        import hashlib
        from collections import Counter

        from audittui.integrity.verdict import FAILURES
        from audittui.tui.dialogs.reader import ReaderScreen

        counts = Counter(one.verdict for one in manifest.entries)
        digest = hashlib.sha256(data).hexdigest()
        text = Text()
        text.append(f"{escaped(str(path.absolute()))}\n\n", "bold")
        for verdict, count in counts.most_common():
            text.append(f"  {count:,} {verdict}\n", BAD if verdict in FAILURES else "")
        wrong = [one for one in manifest.entries if one.fault]
        for one in wrong[:_FAULTS]:
            text.append(f"  {escaped(f'{one.chain} {one.seq}: {one.told}')}\n", BAD)
        if len(wrong) > _FAULTS:
            text.append(f"  and {len(wrong) - _FAULTS:,} more, in its report\n", BAD)
        text.append("\nSHA-256 of the file, to be kept elsewhere:\n", DIM)
        text.append(f"  {digest}\n", f"bold {ACCENT}")
        text.append(f"\nIt took {manifest.cost.rcu:,.1f} RCU.\n", DIM)
        text.append("Checked anywhere, without a table:\n", DIM)
        text.append(f"  audittui evidence verify {escaped(path.name)} --trusted-key KEY\n")
        text.append("KEY is the sealer's, had from elsewhere than the bundle.\n", DIM)
        text.append("It is not signed: its notes, place and time are your word only.\n", DIM)
        self.main.say(f"The evidence bundle is in {path.name}.")
        self.push_screen(ReaderScreen("Evidence bundle", text))
