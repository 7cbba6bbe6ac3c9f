"""Import of hardware models and of asset ledgers: cells to values, a plan per row, set-based writing."""
