"""How many ways lead through a function: its branches and one, as `radon cc` counts them.

Not a dependency for one number: radon brings four packages, and the count is a table of nodes.
"""

import ast
from collections.abc import Iterator
from statistics import mean
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Block(NamedTuple):
    complexity: int
    name: str
    line: int


def branches_of(node: ast.AST) -> int:
    """How many more ways there are because of this node, without what is below it."""
    match node:
        case ast.If() | ast.IfExp() | ast.Assert():
            return 1
        case ast.BoolOp(values=values):
            return len(values) - 1
        case ast.For(orelse=otherwise) | ast.AsyncFor(orelse=otherwise) | ast.While(orelse=otherwise):
            return 1 + bool(otherwise)
        case ast.comprehension(ifs=conditions):
            return 1 + len(conditions)
        case ast.Try(handlers=handlers, orelse=otherwise):
            return len(handlers) + bool(otherwise)
        case ast.Match(cases=cases):
            has_rest = any(
                isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None for case in cases
            )
            return len(cases) - has_rest
    return 0


def branches_below(node: ast.AST) -> int:
    """Those of a statement, without functions and classes that stand in it: each of them is a block of its own."""
    if isinstance(node, Function | ast.ClassDef):
        return 0
    below = () if isinstance(node, ast.Assert) else ast.iter_child_nodes(node)
    return branches_of(node) + sum(map(branches_below, below))


def block_of_function(node: Function) -> Block:
    return Block(1 + sum(map(branches_below, node.body)), node.name, node.lineno)


def block_of_class(node: ast.ClassDef) -> Block:
    """A class counts as its methods do on average, and one more for what they share."""
    methods = [block_of_function(child).complexity for child in node.body if isinstance(child, Function)]
    of_body = 1 + sum(map(branches_below, node.body))
    share = (of_body + sum(methods)) // max(1, len(methods))
    return Block(share + (len(methods) > 1), node.name, node.lineno)


def blocks(body: list[ast.stmt]) -> Iterator[Block]:
    """Every function, class and method of a module. What stands in a function counts for nobody."""
    for node in body:
        if isinstance(node, Function):
            yield block_of_function(node)
        elif isinstance(node, ast.ClassDef):
            yield block_of_class(node)
            yield from blocks([child for child in node.body if isinstance(child, Function)])


def mean_complexity(found: list[Block]) -> float:
    return mean(block.complexity for block in found)
