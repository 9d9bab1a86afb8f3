"""Settings that are kept outside the repository: _local.py, written on the unit."""
