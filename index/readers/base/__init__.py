"""Building blocks that readers of several formats share."""
