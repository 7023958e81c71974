"""The one description of what the HIS offers us and how its stations call us.

On the other side: the hospital information system and its vendor. The text both
sides sign is generated from here; nothing about columns is written a second time.
"""
