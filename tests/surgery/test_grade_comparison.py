"""Two catalogues of grades beside one another: what keeps them apart."""

from __future__ import annotations

from datetime import date
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from surgery.queries.grade_differences import Apart, Field, Graded, Kind, differences

DAYS = (None, date(2026, 1, 1), date(2026, 12, 1))
GRADED = [Graded(grade, day) for grade, day in product("01234", DAYS)]


# --- plain ----------------------------------------------------------------------------


def expected(mine: Graded | None, other: Graded | None) -> tuple[str, ...] | None:
    """What the page must say of one code: kind, field, ours, theirs. Written apart from
    the code under test, case by case."""
    left = mine.grade if mine else ""
    right = other.grade if other else ""
    if mine is None or other is None:
        if left in {"", "0"} and right in {"", "0"}:
            return None
        return ("MISSING" if other is None else "EXTRA", "grade", left, right)
    if left != right:
        return ("DIFFERENT", "grade", left, right)
    first, second = mine.effective_from, other.effective_from
    if left == "0" or first is None or second is None or first == second:
        return None
    return ("DIFFERENT", "effective_from", first.isoformat(), second.isoformat())


def test_every_pair_of_grades_and_days_is_judged_as_expected() -> None:
    sides: list[Graded | None] = [None, *GRADED]
    for mine, other in product(sides, sides):
        ours = {"51.2300": mine} if mine else {}
        theirs = {"51.2300": other} if other else {}
        said = [
            (one.kind, one.field, one.ours, one.theirs)
            for one in differences(ours, theirs)
        ]
        wanted = expected(mine, other)
        assert said == ([wanted] if wanted else []), (mine, other)


sides = st.dictionaries(
    st.sampled_from(["51.2300", "51.2200", "50.3x00", "06.2x00"]),
    st.sampled_from(GRADED),
)


@given(ours=sides, theirs=sides)
def test_catalogues_are_compared_code_by_code(
    ours: dict[str, Graded], theirs: dict[str, Graded]
) -> None:
    found = list(differences(ours, theirs))

    alone = [
        Apart(code, Kind(wanted[0]), Field(wanted[1]), *wanted[2:])
        for code in sorted({*ours, *theirs})
        if (wanted := expected(ours.get(code), theirs.get(code)))
    ]
    assert found == alone


@given(same=sides)
def test_catalogue_does_not_differ_from_itself(same: dict[str, Graded]) -> None:
    assert list(differences(same, same)) == []


@given(ours=sides, theirs=sides)
def test_nothing_is_left_when_the_his_takes_what_is_ours(
    ours: dict[str, Graded], theirs: dict[str, Graded]
) -> None:
    for one in differences(ours, theirs):
        theirs = {**theirs, one.code: ours.get(one.code, Graded("0"))}

    assert list(differences(ours, theirs)) == []
