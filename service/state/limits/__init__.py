"""Limits: rates of callers, concurrent requests, and the thread pools that they share."""
