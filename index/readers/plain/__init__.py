"""Readers of text formats: plain text, Markdown, reStructuredText, source code, JSON and subtitles."""
