"""Observation of the service by operators: logs, traces, the audit log, metrics."""
