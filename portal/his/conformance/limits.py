"""How fast is fast enough, and how much is read. Plain Python.

The figures are those our own work is measured by: an approved change is to be confirmed
within 20 ms (median) and 100 ms (the slowest of a hundred), and the slowest bulk way we
know still writes some 10,000 rows a second; a HIS slower than that would be what
everybody waits for.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds and rows. ``rows`` is where reading a view stops."""

    call: float = 0.100  # one call, median
    read_back: float = 0.020  # one line by its key, median
    start: float = 1.0  # of a full read, whatever its size
    rows_per_second: int = 10_000
    rows: int = 200_000
    repeats: int = 9  # measured calls and read-backs

    def full_read(self, rows: int) -> float:
        """Seconds a full read may take."""
        return self.start + rows / self.rows_per_second
