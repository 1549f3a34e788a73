"""The vision pipelines as a Bento service."""
