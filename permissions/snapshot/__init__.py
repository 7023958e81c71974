"""The ledger in memory, never older than the last committed change.

``world_for(question)`` is what a check is asked in. See ``freshness`` for how a change
is noticed, ``reading`` for how rows become facts.
"""

from permissions.snapshot.keeping import KEPT, Kept, whole_world, world_for

__all__ = ["KEPT", "Kept", "whole_world", "world_for"]
