"""The weights of Loccit's cross-encoder, which reads a question and a passage together."""
