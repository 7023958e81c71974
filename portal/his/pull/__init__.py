"""Pulling what the HIS knows. Knows no model of ours: a room hands in a target."""
