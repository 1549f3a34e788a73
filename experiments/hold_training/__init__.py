"""Training of the hold detector: data, label audit, augmentation, network, loss, loop and export.

Only `network`, `loss`, `train` and `export` need PyTorch, which is not among the dependencies; `pytorch` says how to get it.
"""
