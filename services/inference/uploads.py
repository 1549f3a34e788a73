"""Files that are sent to an endpoint: the body as it is, or the one file of a form."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request

from services.api.problems import Refusal

FORM = "multipart/form-data"
_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]+")
_LONGEST_NAME = 100
_CHUNK_BYTES = 1024**2


def body_of(*types: str) -> dict[str, Any]:
    """The request body of an endpoint that takes one file, for OpenAPI."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    form = {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}},
        }
    }
    content: Mapping[str, Any] = {**dict.fromkeys(types, binary), FORM: form}
    return {"requestBody": {"required": True, "content": content}}


@asynccontextmanager
async def received(request: Request, largest: int) -> AsyncIterator[Path]:
    """The file that was sent, in a folder of its own, until the end of the block.

    Raises
    ------
    Refusal
        400 without a file, 413 for one of more than `largest` bytes.
    """
    with TemporaryDirectory(prefix="ascension-upload-") as folder:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
            yield await _of_form(request, Path(folder), largest)
        else:
            path = Path(folder) / "upload"
            await _write(path, request.stream(), largest)
            yield path


async def _of_form(request: Request, folder: Path, largest: int) -> Path:
    async with request.form(max_files=1, max_fields=8) as form:
        found = next((value for value in form.values() if isinstance(value, UploadFile)), None)
        if found is None:
            raise Refusal(400, "the form holds no file: send one in the field `file`")
        path = folder / _safe(found.filename or "")
        await _write(path, _pieces(found), largest)
        return path


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_CHUNK_BYTES):
        yield piece


async def _write(path: Path, pieces: AsyncIterator[bytes], largest: int) -> None:
    written = 0
    async with await anyio.open_file(path, "wb") as out:
        try:
            async for piece in pieces:
                written += len(piece)
                if written > largest:
                    raise Refusal(413, f"the file is larger than {largest} bytes")
                await out.write(piece)
        except ClientDisconnect:
            raise Refusal(400, "the file did not arrive whole") from None
    if not written:
        raise Refusal(400, "there is no file in the request: send it as the body, or in the field `file` of a form")


def _safe(name: str) -> str:
    """A file name that means nothing but itself."""
    return _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2])[-_LONGEST_NAME:].strip(" .") or "upload"
