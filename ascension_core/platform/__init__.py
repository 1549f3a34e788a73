"""The outside world, one door each: database, objects, queue, tracking; and the jobs that go through them.

Nothing here knows of climbing. Where no URL is set, each door starts a real server of its own (`embedded`).
"""
