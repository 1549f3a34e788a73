"""The order of the steps and their progress, nothing else."""
