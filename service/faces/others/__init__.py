"""Interfaces of other services over Loccit: each is a thin projection of the same answers."""
