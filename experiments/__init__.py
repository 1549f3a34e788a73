"""Data sets, evaluations, sweeps and benchmarks: how a change is shown to be better."""
