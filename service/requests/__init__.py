"""The shapes of what is asked. Field names here are promised: clients are built on them."""
