"""The smallest service there can be: notes that are written, changed and moved between areas."""
