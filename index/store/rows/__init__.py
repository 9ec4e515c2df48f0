"""How the rows of a record are packed, read and cached, whatever database keeps them."""
