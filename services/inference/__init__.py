"""What the Bento services share: one application around the endpoints of a pipeline."""
