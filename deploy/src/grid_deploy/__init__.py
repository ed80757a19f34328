"""Starts, provisions, seeds and stops a whole system on one machine."""
