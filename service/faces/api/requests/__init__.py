"""Request models and parameter types. Their field names are part of the public API."""
