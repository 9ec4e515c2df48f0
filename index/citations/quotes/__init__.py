"""Find quoted words in texts, as they are, with words left out, and with others in their place."""
