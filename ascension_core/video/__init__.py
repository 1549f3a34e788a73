"""Pixels in and out: probe, read with true timestamps and rotation, write."""
