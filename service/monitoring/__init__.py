"""How operators observe the service: logs, traces, the audit log, metrics."""
