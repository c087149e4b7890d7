"""One entry as a file: its stored text, or its proof."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from audittui.tui.screens.taking import TakingScreen

STORED, PROOF = ".json", ".tlog-proof"
_RULE = f"The end of the name says what: {STORED} the stored text, {PROOF} the proof."


class KeepingScreen(TakingScreen):
    """One entry as a file: its stored text, or its proof."""

    def action_export(self) -> None:
        """In the detail view the entry; else what the list shows."""
        if self.pane == "detail":
            self._keep_entry()
        else:
            super().action_export()

    def _keep_entry(self) -> None:
        from audittui.tui.dialogs.ask import AskScreen, Blank
        from audittui.tui.model.export import fault_of, path_of, proposed_name

        detail = self.detail
        row, document, verdict = detail.row, detail.document, detail.verdict
        if row is None or document is None or document.fault:
            self.say("The entry is not read yet." if document is None else document.fault)
            return
        proof = verdict.proof if verdict is not None else b""
        details = [_RULE]
        if proof:
            details.append("audittui checkpoint verify FILE checks a proof without any table.")
        elif verdict is None:
            details.append("There is no proof yet: the entry is still being checked.")
        else:
            details.append(f"There is no proof: the entry is {verdict.verdict}.")

        def check(values: Mapping[str, str]) -> dict[str, str]:
            fault = fault_of(values["file"], (STORED, PROOF), _RULE)
            if not fault and not proof and path_of(values["file"]).suffix == PROOF:
                fault = f"There is no proof of this entry to write: end the name in {STORED}."
            return {"file": fault} if fault else {}

        def answered(values: dict[str, str] | None) -> None:
            if values is not None:
                path = path_of(values["file"])
                stored = document.text.encode("utf-8", "surrogatepass")
                self.app.keep_bytes(path, proof if path.suffix == PROOF else stored)

        name = f"{row.chain.replace('/', '-')}-{row.seq}" if row.seq >= 0 else "entry"
        file = proposed_name(name, PROOF if proof else STORED, Path())
        self.app.push_screen(
            AskScreen("This entry to a new file", details, [Blank("file", "file", file)], check),
            answered,
        )
