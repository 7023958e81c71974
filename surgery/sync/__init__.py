"""What the HIS operated and booked, pulled; and who did what in it, kept with it."""

from surgery.sync.pulling import BY_VIEW, FACTS, pull_cases

__all__ = ["BY_VIEW", "FACTS", "pull_cases"]
