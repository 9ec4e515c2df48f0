"""Packing, reading and caching of the rows of a record, for any database."""
