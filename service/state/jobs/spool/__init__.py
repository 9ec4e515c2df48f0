"""Where uploaded files wait for their job: one module per kind of storage."""
