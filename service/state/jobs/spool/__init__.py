"""Storage of uploaded files that wait for their job: one module per kind."""
