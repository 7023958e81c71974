"""Uploaded files: what they are by their content, kept whole, served behind a guard."""
