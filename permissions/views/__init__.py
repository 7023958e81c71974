"""Doors of the room: translate, one call, translate back."""
