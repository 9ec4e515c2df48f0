"""How fast documents are taken in and questions answered, at which size, and beside others."""
