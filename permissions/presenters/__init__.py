"""Every word, color and link the pages of this room show."""
