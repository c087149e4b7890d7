"""An evidence bundle of the marked entries, made in a thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from audittui.errors import AuditError
from audittui.escape import escaped
from audittui.tui import messages
from audittui.tui.model.counts import counted
from audittui.tui.theme.palette import ACCENT, BAD, DIM

if TYPE_CHECKING:
    from audittui.export.evidence.manifest import Manifest
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.model.workspace import Workspace

_RCU_AN_ENTRY = 10
"""Read units to prove one entry, at most."""
_FAULTS = 5
"""How many faulty entries are listed."""


class _CancelledError(AuditError):
    """The user cancelled."""


class Evidence:
    """Makes evidence bundles of the marks."""

    def __init__(self, desk: Desk, jobs: Jobs, workspace: Workspace) -> None:
        self._desk = desk
        self._jobs = jobs
        self._workspace = workspace
        jobs.hear(messages.EvidenceMade, self._made)

    def details(self) -> Sequence[str]:
        """A description of the bundle before it is made."""
        workspace = self._workspace
        count = len(workspace.marks)
        entries = counted(count, "entry")
        details = [
            f"{entries} with notes, proofs and checkpoints, usable without the table:",
            "audittui evidence verify FILE.zip checks every byte of it.",
            f"Making it takes at most about {count * _RCU_AN_ENTRY:,} RCU.",
            "It is not signed; audittui evidence create --sign KEY makes a signed one.",
        ]
        connection = workspace.connection
        target = workspace.target if connection is None else connection.target
        if not target.trusted_keys:
            details.append("No keys are trusted (trusted_keys), so nothing in it will be proven.")
        return details

    def make(self, path: Path) -> None:
        """Make a bundle of the marks; report progress and the result."""
        desk, jobs, connection = self._desk, self._jobs, self._workspace.connection
        if connection is None:
            desk.say("Not connected: r reconnects.")
            return
        if jobs.running("export"):
            desk.say("An export is in progress: Ctrl-C cancels it.")
            return
        stop = threading.Event()
        marks = tuple(self._workspace.marks)

        def progress(done: int, total: int) -> None:
            if stop.is_set():
                raise _CancelledError("Cancelled: no bundle was written.")
            said = f"Proving for {path}: {done:,} of {total:,}. Ctrl-C cancels."
            jobs.post(messages.Said(said))

        def work() -> None:
            from audittui import timestamp
            from audittui.export.evidence.archive import unpack
            from audittui.export.evidence.collect import Source, Wanted, make_bundle
            from audittui.export.evidence.manifest import decode_manifest
            from audittui.export.evidence.names import MANIFEST
            from audittui.integrity.settings import verification_settings
            from audittui.whole_file import demand_free, write_new

            demand_free(path)
            wanted = [Wanted(one.row.chain, one.row.seq, one.note) for one in marks]
            settings = verification_settings(connection.target.trusted_keys)
            data = make_bundle(
                connection, wanted, Source(), settings, now=timestamp.now(), progress=progress
            )
            write_new(path, data)
            manifest = decode_manifest(unpack(data)[MANIFEST])
            jobs.post(messages.Spent(manifest.cost.rcu))
            jobs.post(messages.EvidenceMade(path, manifest, data))

        desk.say("Reading the marked entries… Ctrl-C cancels.")
        jobs.run(work, lambda error: desk.say(str(error)), "export", on=connection, stop=stop)

    def _made(self, message: messages.EvidenceMade) -> None:
        """Show what was written on a screen of its own, so that the hash can be noted."""
        from audittui.tui.dialogs.reader import ReaderScreen

        self._desk.say(f"The evidence bundle is in {message.path.name}.")
        text = _told(message.path, message.manifest, message.data)
        self._desk.open(ReaderScreen("Evidence bundle", text))


def _told(path: Path, manifest: Manifest, data: bytes) -> Text:
    """A description of a bundle, line by line."""
    import hashlib
    from collections import Counter

    from audittui.integrity.verifying.verdict import FAILURES

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
        text.append(f"  and {len(wrong) - _FAULTS:,} more in its report\n", BAD)
    text.append("\nSHA-256 of the file; keep it somewhere else:\n", DIM)
    text.append(f"  {digest}\n", f"bold {ACCENT}")
    text.append(f"\nIt took {manifest.cost.rcu:,.1f} RCU.\n", DIM)
    text.append("To verify it anywhere, without a table:\n", DIM)
    text.append(f"  audittui evidence verify {escaped(path.name)} --trusted-key KEY\n")
    text.append("KEY is the sealer's public key, from a source other than the bundle.\n", DIM)
    text.append("It is not signed: its notes, origin and time rest on your word alone.\n", DIM)
    return text
