"""The widget for other people's pages: a script with elements to ask and to cite."""
