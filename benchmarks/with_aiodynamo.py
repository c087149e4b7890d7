"""Drains one partition with aiodynamo; prints the number of items and the seconds.

Runs in the environment of `benchmarks/requirements.txt`, not in audittui's.
"""

import asyncio
import sys
import time

import httpx
from aiodynamo.client import Client
from aiodynamo.credentials import Credentials
from aiodynamo.expressions import HashKey
from aiodynamo.http.httpx import HTTPX
from yarl import URL


async def main(endpoint: str, region: str, table: str, day: str) -> None:
    async with httpx.AsyncClient() as session:
        client = Client(HTTPX(session), Credentials.auto(), region, endpoint=URL(endpoint))
        started = time.perf_counter()
        count = 0
        async for _ in client.query(table, HashKey("CreatedAtDate", day), index="timesearchV2"):
            count += 1
        print(count, time.perf_counter() - started)


asyncio.run(main(*sys.argv[1:]))
