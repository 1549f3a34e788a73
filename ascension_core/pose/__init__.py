"""From frames to a PoseTrack: model files, networks, following the climber, smoothing."""
