"""Tools for language models: one table, which MCP and the tool server over HTTP both serve."""
