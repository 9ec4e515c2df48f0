"""Questions that a document nearly answers: one fact of an answerable question exchanged for another."""
