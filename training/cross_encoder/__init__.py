"""Train the cross-encoder, which reads a question and a passage together."""
