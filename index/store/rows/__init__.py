"""Packing, reading and caching of the rows of a record, without a database."""
