"""Writers that are killed: the program behind `test_writers_killed`.

A warm process forks writers that append to shared chains of a table, and kills each with SIGKILL at
a random moment. Every writer notes what was acknowledged, one JSON line an entry, in a file of its
own. Run as ``killed_writers.py TABLE ENDPOINT FOLDER KILLS SEED``; it ends with one JSON line.
"""

from __future__ import annotations

import heapq
import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

from audittui import timestamp
from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.store.dynamodb import DynamoStore, open_table
from audittui.writer import AuditLog

WRITERS = 8
STEADY = ("steady/0", "steady/1")
FROZEN = 1_790_000_000_000_000
"""The time of writers whose clock stands still, in microseconds."""
BIRTH_SECONDS = 0.2
KEYS = 60
"""Idempotency keys that all writers share, so that they meet."""


class Writer:
    """One writer: what it appends is chosen by ``seed``, and acknowledged in ``path``."""

    def __init__(self, store: DynamoStore, path: Path, seed: int) -> None:
        self._store = store
        self._random = random.Random(seed)
        self._seed = seed
        self._acknowledged = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self._clock = (lambda: FROZEN) if seed % 2 else timestamp.now
        self._logs: dict[str, AuditLog] = {}
        self._count = 0

    def run(self, appends: int | None) -> None:
        """Append ``appends`` times, or until killed. The first goes to the youngest chain."""
        self._append(self._log(self._youngest()))
        done = 1
        while appends is None or done < appends:
            self._append(self._log(self._random.choice((self._youngest(), *STEADY))))
            done += 1

    @staticmethod
    def _youngest() -> str:
        """A chain's name that changes every moment, so that all writers meet at its birth."""
        return f"births/{int(time.monotonic() / BIRTH_SECONDS)}"

    def _log(self, chain: str) -> AuditLog:
        if chain not in self._logs:
            self._logs[chain] = AuditLog(self._store, chain, clock=self._clock)
        return self._logs[chain]

    def _append(self, log: AuditLog) -> None:
        if self._random.random() < 0.4:
            drafts = [self._draft()]
            places = [log.append(drafts[0])]
        else:
            drafts = [self._draft() for _ in range(self._random.randint(1, 6))]
            places = log.append_many(drafts)
        lines = [
            json.dumps(
                {
                    "chain": place.chain,
                    "seq": place.seq,
                    "hash": place.hash.hex(),
                    "added": place.added,
                    "key": draft.idempotency_key,
                    "token": draft.request_id,
                }
            )
            for draft, place in zip(drafts, places, strict=True)
        ]
        # One write: a killed writer leaves whole lines.
        os.write(self._acknowledged, ("\n".join(lines) + "\n").encode())

    def _draft(self) -> Draft:
        self._count += 1
        token = f"{self._seed}-{self._count}"
        kind = self._random.choice(("plain", "same", "keyed", "own key"))
        if kind == "same":
            return Draft(actor="twin", action="write", outcome="success")
        if kind == "keyed":
            number = self._random.randrange(KEYS)
            return Draft(
                actor="keyed", action="write", resource=f"key/{number}",
                idempotency_key=f"shared-{number}",
            )  # fmt: skip
        if kind == "own key":
            return Draft(
                actor="keyed", action="write", resource=f"own/{token}", request_id=token,
                idempotency_key=f"own-{token}",
            )  # fmt: skip
        return Draft(actor="plain", action="write", request_id=token)


def fork_writer(
    store: DynamoStore, folder: Path, number: int, seed: int, appends: int | None
) -> int:
    """Start a writer; its process id."""
    process = os.fork()
    if process:
        return process
    status = 0
    try:
        Writer(store, folder / f"{number}.jsonl", seed + number).run(appends)
    except BaseException:
        (folder / f"{number}.fault").write_text(traceback.format_exc())
        status = 1
    finally:
        os._exit(status)


def run(table: str, endpoint: str, folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Keep writers at work, kill ``kills`` of them, each replaced at once; let the last finish."""
    store = open_table(
        table, load_layout("native"), region="eu-west-1", endpoint_url=endpoint, aws_profile=None
    )
    dice = random.Random(seed)
    killed = started = 0
    deaths: list[tuple[float, int]] = []
    while killed < kills:
        while len(deaths) < WRITERS:
            process = fork_writer(store, folder, started, seed, None)
            heapq.heappush(deaths, (time.monotonic() + dice.uniform(0.01, 0.6), process))
            started += 1
        death, process = heapq.heappop(deaths)
        time.sleep(max(death - time.monotonic(), 0))
        os.kill(process, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(process, 0)[1])
    for _, process in deaths:
        os.kill(process, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(process, 0)[1])
    last = [fork_writer(store, folder, started + extra, seed, 10) for extra in range(WRITERS)]
    finished = sum(os.waitpid(process, 0)[1] == 0 for process in last)
    return {"killed": killed, "started": started + len(last), "finished": finished}


if __name__ == "__main__":
    told = run(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
    sys.stdout.write(json.dumps(told) + "\n")
