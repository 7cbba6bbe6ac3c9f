"""A small Django project as one would write it first: the yardstick, not an example."""
