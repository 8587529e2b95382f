"""Trouble is visible: the same figures and warnings for probes and for the owner's commands."""
