"""A year of inspections: 5,000 CIs, 499 inspected daily on ten items, 1.8 million answers."""
