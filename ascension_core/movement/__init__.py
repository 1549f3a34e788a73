"""From a PoseTrack to measures of the body."""
