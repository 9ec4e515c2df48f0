"""Work beside the requests: embedding, purging, retention, and the thread pools."""
