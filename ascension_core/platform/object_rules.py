"""What may be stored, and under which names."""

from __future__ import annotations

import re

from ascension_core.errors import InvalidObject, InvalidOption
from ascension_core.settings import settings

LONGEST_KEY = 512
LONGEST_NAME = 255
LONGEST_TYPE = 127
LONGEST_EXPIRY_S = 3600
"""Presigned addresses are for the next step of one client, not for keeping."""
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}")  # servers that keep objects as files take no longer ones
_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")


def valid_key(key: str) -> str:
    """The key, if it is one of ours: words of ASCII letters, digits, ``-``, ``_`` and ``.`` (not first), between slashes.

    Raises
    ------
    InvalidObject
        For anything else, such as ``..`` or an absolute path.
    """
    if len(key) > LONGEST_KEY or not all(map(_SEGMENT.fullmatch, key.split("/"))):
        raise InvalidObject(f"not an object key: {key[:80]!r}")
    return key


def valid_prefix(prefix: str) -> str:
    """The prefix of some keys, if it is one."""
    valid_key(prefix.removesuffix("/"))
    return prefix


def valid_type(content_type: str) -> str:
    """The content type, if it is one."""
    if len(content_type) > LONGEST_TYPE or not _TYPE.fullmatch(content_type):
        raise InvalidObject(f"not a content type: {content_type[:80]!r}")
    return content_type


def valid_size(size: int) -> int:
    """The size in bytes, if an object may have it."""
    if not 0 < size <= settings().max_video_bytes:
        raise InvalidObject(f"{size} bytes: from 1 to {settings().max_video_bytes} are allowed (ASCENSION_MAX_VIDEO_BYTES)")
    return size


def valid_name(name: str) -> str:
    """The file name, if it is one of ours."""
    if len(name) > LONGEST_NAME or not _SEGMENT.fullmatch(name):
        raise InvalidObject(f"not a file name: {name[:80]!r}")
    return name


def valid_expiry(expires_s: int) -> int:
    """The seconds for which an address is good, if they are few enough."""
    if not 0 < expires_s <= LONGEST_EXPIRY_S:
        raise InvalidOption(f"{expires_s} s: a presigned address may be good for 1 to {LONGEST_EXPIRY_S} s")
    return expires_s
