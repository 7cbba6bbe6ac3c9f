"""Import of items and relations from files: reading, mapping, planning row by row, writing set-based."""
