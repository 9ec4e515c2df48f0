"""Evidence packs: answers and verdicts in one signed JSON object, which outlives the service."""
