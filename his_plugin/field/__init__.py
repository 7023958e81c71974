"""The field group a station embeds in its surgery application (domain 1.3, 9.6)."""
