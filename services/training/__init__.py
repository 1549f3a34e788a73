"""The training pipelines as a Bento service."""
