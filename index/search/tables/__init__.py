"""Tables: rows that the question names, cells that answer, and what is read from a column or two rows."""
