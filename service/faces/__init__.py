"""Faces: one folder for each interface, with its routes, its shapes and its errors."""
