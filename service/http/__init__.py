"""What all routes share: their class, the OpenAPI document, error responses, links."""
