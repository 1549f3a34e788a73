"""JupyterLab's "Create notebook job" with our queue behind it: nothing is kept twice, and no job runs in its server."""
