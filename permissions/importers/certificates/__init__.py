"""Personal certificates by sheet: columns, rows as read and judged, and the work."""
