"""Where a result comes from."""

from __future__ import annotations

from ascension_core.pipelines.versions.code import checkout


def git_commit() -> str:
    """The commit of this checkout, or "unknown" outside of one."""
    commit, _ = checkout()
    return commit or "unknown"
