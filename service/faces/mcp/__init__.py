"""Model Context Protocol: tools and resources for chat programs, over HTTP and on stdio."""
