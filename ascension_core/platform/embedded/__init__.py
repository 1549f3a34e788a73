"""Private servers under one data folder: started on demand, once for all processes, and gone when nobody uses them.

Each server has a keeper, a small detached process that starts it, restarts it when it dies, and stops it when its last user
has left. Users hold a shared lock on a file, so the kernel counts them, and forgets those that were killed.

    <home>/servers/<engine>/
        users.lock    held (shared) by every process that uses the server
        keeper.lock   held by the keeper
        state.json    where the server listens, or why it does not
        secret        password of this data folder
        log, data/    the server's own
"""

from ascension_core.platform.embedded.client import Server, attach, down, running

__all__ = ["Server", "attach", "down", "running"]
