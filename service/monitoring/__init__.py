"""What operators see of the service: logs, traces, the audit log, metrics."""
