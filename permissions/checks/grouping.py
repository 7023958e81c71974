"""Which privileges of the catalogue reach which procedures (domain 2.3, GR06, GR09)."""

from __future__ import annotations

# Grades 1 and 2 are granted as a class, 3 and 4 procedure by procedure (GR06).
CLASS_PRIVILEGES = {"SG01": 1, "SG02": 2}
ITEM_PRIVILEGES = {"SG03": 3, "SG04": 4}
OPERATING_PRIVILEGES = CLASS_PRIVILEGES | ITEM_PRIVILEGES
# Lists of procedures kept by kind of technique: the line itself is the right to each.
LISTED_PRIVILEGES = frozenset(
    {
        *("SG05", "SG06", "DS02", "DS03", "DS04", "DS05", "DS06", "DS07"),
        *("RT02", "RT03"),
    }
)
ITEM_REACH = ITEM_PRIVILEGES | dict.fromkeys(LISTED_PRIVILEGES, 4)
ORDERING, ASSISTING, RESTRICTED = "SG05", "SG07", "RT01"
DAY_SURGERY, ANESTHESIA = "DS01", "AN01"
ON_CALL, NEW_TECHNOLOGY = "SG08", "RT02"
RELEVANT_PRIVILEGES = frozenset(
    {
        *OPERATING_PRIVILEGES,
        *LISTED_PRIVILEGES,
        ASSISTING,
        RESTRICTED,
        DAY_SURGERY,
        ANESTHESIA,
        ON_CALL,
    }
)
