"""The record in an SQL database: each statement once, whichever database runs it.

:mod:`index.store.sql.statements` says what differs between databases. Each has a folder of its own beside
this one: with that, its tables, and how it opens, locks and checks them.
"""
