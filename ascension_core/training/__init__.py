"""From an athlete's tests and climbs to a program."""
