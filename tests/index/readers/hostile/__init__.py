"""Files that are made to take a reader long: generated for every format, and measured as they grow."""
