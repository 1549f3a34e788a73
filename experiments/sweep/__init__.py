"""Experiments in parallel: many trials of a notebook with other parameters, each a job on the queue; see `docs/sweep.md`."""
