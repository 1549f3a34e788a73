"""The processes that serve the pipelines."""
