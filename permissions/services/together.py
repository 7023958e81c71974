"""Many acts as one: all of them are done, or none and each refusal is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from django.db import transaction

from permissions.services.refusals import ActRefused
from permissions.services.refusals_of_acts import ManyRefused
from portal.directory.models import Practitioner

T = TypeVar("T")


@transaction.atomic
def many(acts: Sequence[Callable[[], T]], *, about: Iterable[int]) -> list[T]:
    """Do every act in one transaction; raises ManyRefused and leaves nothing.

    ``about`` are the keys of the practitioners concerned. They are locked in their
    order before anything is done, so two batches never wait for one another in a ring.
    """
    people = Practitioner.objects.select_for_update().filter(pk__in=set(about))
    list(people.order_by("pk").values_list("pk"))
    done: list[T] = []
    refused: dict[int, ActRefused] = {}
    for place, act in enumerate(acts):
        try:
            with transaction.atomic():
                done.append(act())
        except ActRefused as refusal:
            refused[place] = refusal
    if refused:
        raise ManyRefused(refused, len(acts))
    return done
