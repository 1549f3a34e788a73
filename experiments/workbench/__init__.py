"""What the research notebooks do, so that they hold one line for each thought; see `docs/workbench.md`."""
