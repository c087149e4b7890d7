"""The live tail: what a runbook asks for, as it arrives, from chains or from a polled index.

Not here: how a terminal or a command shows it.
"""

from audittui.investigate.tail.late_start import LONG
from audittui.investigate.tail.tail import Tail, TailBatch

__all__ = ["LONG", "Tail", "TailBatch"]
