"""How requests walk through the code: calls, functions, files, and returns to rooms that they had left."""
