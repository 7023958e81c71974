"""Opening the portal from a doctor station by a signed link (domain 9.2)."""
