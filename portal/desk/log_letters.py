"""Where an entry of the log stands, as its number says."""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Source(StrEnum):
    """The letters before a log number say where the entry stands."""

    GRANT = "G"
    APPLICATION = "A"
    CATALOGUE = "C"
    PROCEDURE = "S"
    ALIAS = "N"
    DEPARTMENT = "O"
    GRADE = "E"
    GRADING = "K"
    GRADE_PROPOSAL = "Q"
    PUBLICATION = "B"
    RECODING = "Z"
    RECODED_CODE = "ZC"
    DECLARATION = "D"
    FILING = "F"
    RULE = "R"
    TRAINING = "T"
    CERTIFICATE = "TC"
    TEMPLATE = "M"
    REVIEW = "V"
    BOOKING = "X"
    ASSESSMENT = "Y"
    DRIFT = "HD"
    IMPORT = "I"
    TRAINING_IMPORT = "TI"
    CERTIFICATE_IMPORT = "TK"
    SAVED_VIEW = "W"
    PARAMETER = "P"
    ACCOUNT = "U"
    HIS = "H"
    ACCESS = "L"
