"""Pure functions on text: sentences, search terms, typography, word boundaries, differences.

The names below are what code outside ``index`` uses.
"""

from index.text.analysis import Analyzer
from index.text.bidi_controls import with_visible_bidi_controls, without_bidi_controls
from index.text.differences import Edit, Hunk
from index.text.document_languages import DocumentLanguages
from index.text.figures import figure_in
from index.text.layout import Layout
from index.text.sentence_terms import split_sentences
from index.text.sentences import Span, block_spans, item_spans, line_spans, sentence_spans
from index.text.tables import cells
from index.text.typography import equal_but_for_typography

__all__ = [
    "Analyzer",
    "DocumentLanguages",
    "Edit",
    "Hunk",
    "Layout",
    "Span",
    "block_spans",
    "cells",
    "equal_but_for_typography",
    "figure_in",
    "item_spans",
    "line_spans",
    "sentence_spans",
    "split_sentences",
    "with_visible_bidi_controls",
    "without_bidi_controls",
]
