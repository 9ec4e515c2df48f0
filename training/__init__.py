"""Train models that the service uses. Nothing of the service imports this package."""
