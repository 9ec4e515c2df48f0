"""Questions asked with the document that answers them and without it, in collections of several sizes."""
