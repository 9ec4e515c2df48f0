"""What sentences claim, true or false: whether it is judged rightly."""
