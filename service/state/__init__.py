"""The service's own state: jobs, keys, sessions, limits, files and unanswered questions."""
