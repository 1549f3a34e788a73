"""Whether an uploaded file is a video: asked in a process of its own, because the file may be made to harm its reader.

The process holds no secret, and ends after `LONGEST_S` whatever the decoder does.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from ascension_core.errors import ServerUnavailable, UnreadableVideo, VideoError

LONGEST_S = 30.0
_MEMORY_BYTES = 8 * 1024**3
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "LD_LIBRARY_PATH", "ASCENSION_MAX_")


def check_video(file: Path) -> str:
    """The file's sha256, if it is a video that can be used.

    Raises
    ------
    VideoError
        Otherwise; the message says why.
    ServerUnavailable
        If the process cannot be started.
    """
    environment = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    command = [sys.executable, "-m", "services.api.probing", str(file)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=LONGEST_S, env=environment, check=False)
    except subprocess.TimeoutExpired as cause:
        raise UnreadableVideo(f"{file.name} could not be looked at within {LONGEST_S:.0f} s") from cause
    except OSError as cause:
        raise ServerUnavailable(f"no process can be started: {cause.strerror}") from cause
    return _understood(done, file.name)


def _understood(done: subprocess.CompletedProcess[bytes], name: str) -> str:
    try:
        said = json.loads(done.stdout)
    except ValueError:
        raise UnreadableVideo(f"{name} makes the decoder fail") from None
    if said["error"] is not None:
        raise UnreadableVideo(said["error"])
    return str(said["sha256"])


def _main(file: Path) -> None:
    """What the process does."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    from ascension_core.video import file_sha256, probe

    try:
        probe(file)
        said = {"error": None, "sha256": file_sha256(file)}
    except VideoError as error:
        said = {"error": str(error)}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
