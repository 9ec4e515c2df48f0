"""Commands for the operator of a data folder or database: back up, check, move, export and upgrade."""
