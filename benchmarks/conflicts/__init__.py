"""Documents that disagree: planted contradictions, and alarms that nobody planted."""
