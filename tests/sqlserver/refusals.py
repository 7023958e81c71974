"""What SQL Server would refuse although the text reads well.

A parser takes much that the server does not; each rule here is one of its errors, with
its number. They are the ones Django's queries can run into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp

MOST_PARAMETERS = 2100
PREDICATES = (exp.Predicate, exp.Connector, exp.Not, exp.Escape)
CONDITIONED = (
    *(exp.Where, exp.Having, exp.Connector, exp.Not, exp.If),
    exp.CheckColumnConstraint,
)
# What the program's statements call; another one is looked up before it is added.
FUNCTIONS = {
    *("COUNT_BIG", "DATABASEPROPERTYEX", "DB_NAME", "ISJSON"),
    *("JSON_QUERY", "JSON_VALUE", "SYSDATETIME"),
}


def refusals(text: str, parameters: int = 0) -> list[str]:
    """Why SQL Server would not run this statement; empty when nothing is known."""
    # The backend declares the parameters of a grouped query in a line of their own.
    parts = text.split("\n", 1) if text.startswith("DECLARE ") else [text]
    trees = [tree for part in parts for tree in sqlglot.parse(part, dialect="tsql")]
    found = [
        f"{rule.__doc__}: {where}"
        for tree in trees
        if tree is not None
        for rule in RULES
        for where in rule(tree)
    ]
    if parameters > MOST_PARAMETERS:
        found.append(f"8003 more than {MOST_PARAMETERS} parameters: {parameters}")
    return found


def passed_on_unread(tree: exp.Expr) -> Iterator[str]:
    """102 not read by the parser"""
    for command in tree.find_all(exp.Command):
        yield command.sql("tsql")


def subquery_in_aggregate(tree: exp.Expr) -> Iterator[str]:
    """130 aggregate over a subquery or an aggregate"""
    for aggregate in tree.find_all(exp.AggFunc):
        inner = aggregate.find(exp.Select)
        if inner is not None:
            yield inner.sql("tsql")


def subquery_in_group(tree: exp.Expr) -> Iterator[str]:
    """144 subquery in GROUP BY"""
    for group in tree.find_all(exp.Group):
        if group.find(exp.Select):
            yield group.sql("tsql")


def order_outside_distinct(tree: exp.Expr) -> Iterator[str]:
    """145 DISTINCT ordered by what is not selected"""
    for select in tree.find_all(exp.Select):
        if not select.args.get("distinct") or not select.args.get("order"):
            continue
        offered = {item.sql("tsql") for item in select.expressions}
        offered |= {item.alias_or_name for item in select.expressions}
        offered |= {item.unalias().sql("tsql") for item in select.expressions}
        for ordered in select.args["order"].expressions:
            key = ordered.this
            if key.sql("tsql") not in offered and not key.is_int:
                yield ordered.sql("tsql")


def ordered_twice(tree: exp.Expr) -> Iterator[str]:
    """169 column twice in ORDER BY"""
    for order in tree.find_all(exp.Order):
        keys = [ordered.this.sql("tsql") for ordered in order.expressions]
        if len(keys) != len(set(keys)):
            yield order.sql("tsql")


def order_inside(tree: exp.Expr) -> Iterator[str]:
    """1033 ORDER BY in a subquery without TOP or OFFSET"""
    for order in tree.find_all(exp.Order):
        select = order.parent
        if not isinstance(select, exp.Query) or select.parent is None:
            continue
        if isinstance(select.parent, exp.Insert):
            continue
        if not select.args.get("limit") and not select.args.get("offset"):
            yield order.sql("tsql")


def truth_as_value(tree: exp.Expr) -> Iterator[str]:
    """156 condition where a value must stand"""
    for found in tree.find_all(*PREDICATES):
        if not _is_condition(found) and not _is_assignment(found):
            yield found.sql("tsql")


def value_as_truth(tree: exp.Expr) -> Iterator[str]:
    """4145 value where a condition must stand"""
    for holder in tree.find_all(*CONDITIONED):
        parts = [holder.this]
        if isinstance(holder, exp.Connector):
            parts.append(holder.expression)
        for part in parts:
            bare = part.unnest() if isinstance(part, exp.Paren) else part
            if not isinstance(bare, PREDICATES):
                yield holder.sql("tsql")


def foreign_words(tree: exp.Expr) -> Iterator[str]:
    """102 operator or literal of another engine"""
    for found in tree.find_all(exp.DPipe, exp.ILike, exp.Boolean, exp.RegexpLike):
        yield found.sql()


def unknown_functions(tree: exp.Expr) -> Iterator[str]:
    """195 function that is not known to be SQL Server's"""
    for call in tree.find_all(exp.Anonymous):
        if call.name.upper() not in FUNCTIONS:
            yield call.sql("tsql")


def _is_condition(found: exp.Expr) -> bool:
    """Whether a predicate stands where one may: seen from what is around it."""
    child, parent = found, found.parent
    while isinstance(parent, exp.Paren):
        child, parent = parent, parent.parent
    if isinstance(parent, exp.If | exp.Join):
        return child.arg_key in {"this", "on"}
    return isinstance(
        parent,
        exp.Where
        | exp.Having
        | exp.Connector
        | exp.Not
        | exp.Escape
        | exp.Check
        | exp.CheckColumnConstraint
        | exp.Constraint
        | exp.IndexParameters,
    )


def _is_assignment(found: exp.Expr) -> bool:
    """``SET a = b`` is written as a comparison."""
    is_set = isinstance(found.parent, exp.Update | exp.SetItem | exp.DeclareItem)
    return is_set and isinstance(found, exp.EQ)


RULES: tuple[Callable[[exp.Expr], Iterator[str]], ...] = (
    passed_on_unread,
    subquery_in_aggregate,
    subquery_in_group,
    order_outside_distinct,
    ordered_twice,
    order_inside,
    truth_as_value,
    value_as_truth,
    foreign_words,
    unknown_functions,
)
