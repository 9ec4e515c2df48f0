"""Sources as the service and the commands run them."""
