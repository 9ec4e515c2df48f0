"""What other people's pages show of Loccit: a script with elements to ask and to cite."""
