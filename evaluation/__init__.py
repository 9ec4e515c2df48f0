"""How good the answers are, on questions whose answers are known."""
