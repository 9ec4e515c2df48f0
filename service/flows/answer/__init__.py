"""Answers to questions: the documents' own sentences, or the text of a model, each sentence judged."""
