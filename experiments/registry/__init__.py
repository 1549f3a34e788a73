"""Which version of a pipeline is the champion, and how another takes its place: see `docs/registry.md`."""
