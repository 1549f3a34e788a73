"""The process that runs everything: ``ascension up``."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence

from ascension_core.platform import local
from ascension_core.platform.embedded import running
from ascension_core.settings import settings
from services.up.output import Output
from services.up.plan import Wanted, plan
from services.up.service import Part
from services.up.supervisor import Supervisor

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GONE_TIMEOUT_S = 30.0
_GLANCE_S = 0.05


def run(wanted: Wanted, *, check: bool = False) -> dict[str, str]:
    """Run everything until SIGINT, SIGTERM or SIGHUP; returns where each part was.

    Parameters
    ----------
    wanted
        What is to run.
    check
        Stop as soon as everything is ready, and keep the terminal free of what programs say.

    Raises
    ------
    ServerUnavailable
        If something cannot be started, or everything runs already on this data folder.
    InvalidOption
        If a port that was asked for is taken.
    """
    home = settings().home
    with local.claim(home):
        parts = plan(wanted)
        output = Output(home / "logs", max(len(part.name) for part in parts), quiet=check)
        try:
            return asyncio.run(_run(parts, output, check=check))
        finally:
            output.close()


async def _run(parts: Sequence[Part], output: Output, *, check: bool) -> dict[str, str]:
    found: dict[str, str] = {}

    def on_ready(urls: Mapping[str, str]) -> None:
        found.update(urls)
        local.tell(settings().home, found)
        if check:
            supervisor.stop()
        else:
            _show(urls, output)

    supervisor = Supervisor(parts, output, on_ready)
    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, supervisor.stop)
    await supervisor.run()
    await _await_servers()
    return found


async def _await_servers() -> None:
    """Give private servers that nobody else uses the time to stop, so that nothing of us is left when we end."""
    for _ in range(round(_GONE_TIMEOUT_S / _GLANCE_S)):
        if not running(settings().home):
            return
        await asyncio.sleep(_GLANCE_S)


def _show(urls: Mapping[str, str], output: Output) -> None:
    """Lines that can be copied, whatever the width of the terminal."""
    width = max(map(len, urls))
    places = [f"  {name:<{width}}  {url}" for name, url in urls.items()]
    output.announce("\n".join(["Ascension is up:", *places, f"Logs are in {output.folder}. Ctrl-C stops everything."]))
