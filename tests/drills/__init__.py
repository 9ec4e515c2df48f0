"""Drills: what an installation on several machines does while its parts fail."""
