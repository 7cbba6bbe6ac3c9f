"""Import of past changes from files: reading, mapping and judging row by row; actions write the good ones."""
