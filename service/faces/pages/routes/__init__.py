"""Routes of the pages, a module for each page. Each has a ``router``, and is served because it is here."""
