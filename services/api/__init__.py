"""The durable API of the mobile backend, ``/v1``: everything that it answers stands in the database and the object store."""
