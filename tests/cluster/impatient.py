"""Snakemake that looks for finished jobs twice a second; the executor waits ten seconds longer after each look in vain."""

import asyncio
import sys

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor


async def half_a_second(executor: RemoteExecutor) -> None:
    await asyncio.sleep(0.5)


RemoteExecutor.sleep = half_a_second
sys.exit(main())
