"""What the office types about the catalogue."""
