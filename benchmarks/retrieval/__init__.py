"""What questions find, with which rankings and models, and what extractive answers quote."""
