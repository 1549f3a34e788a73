"""All of Ascension on one machine: servers, trackers, workers and the workbench, started in order and looked after."""
