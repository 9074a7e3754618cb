"""How a formula is read: text, tokens, statements, syntax trees, steps."""

from __future__ import annotations

import ast
import difflib
import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

import numpy as np

from textbook import ops
from textbook.engine import OPS, Tensor

DEEPEST = 100  # brackets inside brackets, or signs in a row

_NAMES = "exp log sqrt abs sin cos tanh sigmoid relu softplus mean sum maximum minimum"
FUNCTIONS: dict[str, Callable[..., Any]] = {name: getattr(ops, name) for name in _NAMES.split()}
FUNCTIONS |= {"max": ops.maximum, "min": ops.minimum}
_ALIASES = {"ln": "log", "root": "sqrt", "logistic": "sigmoid", "average": "mean"}
_BINARY: dict[type, Callable[..., Any]] = {
    ast.Add: ops.add, ast.Sub: ops.sub, ast.Mult: ops.mul, ast.Div: ops.div, ast.Pow: ops.pow, ast.MatMult: ops.matmul,
}  # fmt: skip

# One character for one, so that columns stay right.
_READ_AS = str.maketrans("−×÷·⋅\t\r\xa0", "-*/**   ")
_TOKEN = re.compile(
    r"(?P<space> +)|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<mark>\*\*|/(?!/)|[-+*@(),=])|(?P<end>[;\n])|(?P<other>//|.)",
    re.DOTALL,
)
_INSTEAD = {
    "^": "write ** for a power",
    "//": "write / to divide",
    "√": "write sqrt(x)",
    "π": "write pi",
    ".": "a dot stands only inside a number",
    ":": "write = to name a value",
    "%": "a formula has only + - * / ** @",
} | (
    dict.fromkeys("[]{}", "use round brackets ( )")
    | dict.fromkeys("'\"`", "a formula has no text in quotes")
    | dict.fromkeys("<>!&|~≤≥≠", "there are no comparisons and no logic; maximum(x, y) and relu(x) may do")
)


class ExpressionError(ValueError):
    """A formula cannot be read or evaluated.  One line: what is wrong, what to do, where.

    Attributes:
        text: the formula.
        line: from 1.
        column: in characters of that line, from 1.
    """

    def __init__(self, message: str, text: str = "", position: int = 0) -> None:
        self.text = text
        self.line = text.count("\n", 0, position) + 1
        self.column = position - text.rfind("\n", 0, position)
        where = f"line {self.line}, " if self.line > 1 else ""
        super().__init__(f"{message} ({where}column {self.column})")


class Step(NamedTuple):
    """One step of an evaluation: fetch the variable `name` (no function), or apply a function to earlier results."""

    position: int  # in the text
    name: str  # of the variable or the intermediate value; "" for none
    function: Callable[..., Any] | None = None
    inputs: tuple[int | float, ...] = ()  # an int is the number of an earlier step, a float is itself


def read(text: str) -> tuple[tuple[str, ...], tuple[Step, ...]]:
    """The variables of a formula, in order of appearance, and the steps of its evaluation.

    Raises:
        ExpressionError: it cannot be read.
    """
    return _Reader(text).read()


def applied(function: Callable[..., Any], inputs: list[Any], text: str, position: int) -> Any:
    """One step.  Raises ExpressionError where the inputs do not fit."""
    try:
        return function(*inputs)
    except (ValueError, TypeError) as error:
        shapes = " and ".join(str(np.shape(x._data if isinstance(x, Tensor) else x)) for x in inputs)
        reason = " ".join(str(error).split())
        raise ExpressionError(f"inputs of shape {shapes} do not fit here: {reason}", text, position) from None


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


class _Reader:
    """Reads one formula: tokens, statements, syntax trees, steps."""

    def __init__(self, text: str) -> None:
        self.text = text
        blank = re.sub("#[^\n]*", lambda comment: " " * len(comment[0]), text)
        self.source = blank.translate(_READ_AS)
        self.steps: list[Step] = []
        self.meaning: dict[str, int | float] = {}  # of each name so far: a step, or a constant
        self.unused: dict[str, int] = {}  # named values that nothing has used yet, and where they were named

    def fail(self, message: str, position: int) -> NoReturn:
        raise ExpressionError(message, self.text, position) from None

    def read(self) -> tuple[tuple[str, ...], tuple[Step, ...]]:
        statements = self.statements()
        if not statements:
            self.fail("the formula is empty: write one, such as (x + y)*y", 0)
        for number, statement in enumerate(statements, 1):
            self.statement(statement, last=number == len(statements))
        names = tuple(step.name for step in self.steps if step.function is None)
        if not names:
            self.fail("a formula needs at least one variable, such as x", statements[-1][0].start)
        return names, tuple(self.steps)

    def tokens(self) -> Iterator[_Token]:
        for match in _TOKEN.finditer(self.source):
            kind, found, start = match.lastgroup or "", match[0], match.start()
            if kind == "other":
                self.fail(f"{found!r} has no meaning here: {_instead(found)}", start)
            if kind == "number":
                if len(found) > 30 or float(found) > 1e100:
                    self.fail("this number is too large or too long: use at most 30 characters and 1e100", start)
                if re.fullmatch("0[0-9]+", found):
                    self.fail(f"write {int(found)} without the leading 0", start)
            if kind == "name":
                if keyword.iskeyword(found):
                    self.fail(f"'{found}' is a word of Python: it has no use here, not even as a name", start)
                if len(found) > 20 or "__" in found:
                    self.fail("a name has at most 20 characters, and no two underscores in a row", start)
            if kind != "space":
                yield _Token(kind, found, start)

    def statements(self) -> list[list[_Token]]:
        """The tokens, cut at `;` and at line ends outside brackets; brackets match and no operator is left out."""
        statements: list[list[_Token]] = [[]]
        opened: list[int] = []
        signs = 0
        for token in self.tokens():
            last = statements[-1][-1] if statements[-1] else None
            if token.kind == "end":
                if not opened:
                    statements.append([])
                elif token.text == ";":
                    self.fail("this bracket is never closed: write )", opened[-1])
                continue
            if (
                last
                and (last.kind in ("number", "name") or last.text == ")")
                and (token.kind in ("number", "name") or (token.text == "(" and last.kind != "name"))
            ):
                a, b = last.text, token.text
                if a in FUNCTIONS:
                    self.fail(f"'{a}' is a function: write {a}({b})", token.start)
                self.fail(f"an operator is missing between {a} and {b}: write {a}*{b}", token.start)
            signs = signs + 1 if token.text in ("+", "-") else 0
            if token.text == "(":
                opened.append(token.start)
            elif token.text == ")":
                if not opened:
                    self.fail("this bracket closes nothing: write a ( before it, or delete it", token.start)
                opened.pop()
            elif token.text == "," and not opened:
                self.fail("a comma can only separate the inputs of a function: write ; between parts", token.start)
            if len(opened) > DEEPEST or signs > DEEPEST:
                self.fail(f"over {DEEPEST} nested brackets or signs in a row: name a part, as in u = …", token.start)
            statements[-1].append(token)
        if opened:
            self.fail("this bracket is never closed: write )", opened[-1])
        return [statement for statement in statements if statement]

    def statement(self, tokens: list[_Token], last: bool) -> None:
        """`name = expression`, or, at the end, an expression alone."""
        name, start = "", tokens[0].start
        stop = tokens[-1].start + len(tokens[-1].text)
        if len(tokens) > 1 and tokens[0].kind == "name" and tokens[1].text == "=":
            name = tokens[0].text
            if name in FUNCTIONS or name == "pi":
                self.fail(f"'{name}' already has a meaning: choose another name", start)
            if len(tokens) == 2:
                self.fail(f"a value is missing after {name} =", stop)
            tokens = tokens[2:]
        for token in tokens:
            if token.text == "=":
                self.fail("= can only follow one name at the start, as in u = x + y", token.start)
        if not (name or last):
            self.fail("only the last part may stand without a name: write u = before this one, or delete it", start)
        first = len(self.steps)
        value = self.expression(tokens, stop)
        if name in self.meaning:
            # Its own right side, or an earlier part, took the name for a variable.
            for step in self.steps:
                if step.name == name and step.function is None:
                    self.fail(f"'{name}' is used before it is defined: define it first, or rename one", step.position)
            self.fail(f"'{name}' has a value already: choose another name", start)
        if name:
            self.meaning[name] = value
            self.unused[name] = start
            if isinstance(value, int) and value >= first and self.steps[value].function:
                self.steps[value] = self.steps[value]._replace(name=name)
        if last:
            self.unused.pop(name, None)
            for other, position in self.unused.items():
                self.fail(f"'{other}' is never used: use it in a later part, or delete it", position)

    def expression(self, tokens: list[_Token], stop: int) -> int | float:
        """Append the steps of one expression; returns the last one's number, or the value of a constant."""
        start = tokens[0].start
        source = self.source[start:stop].replace("\n", " ")  # ASCII on one line, so columns are characters
        try:
            root = ast.parse(f"({source})", mode="eval").body
        except SyntaxError as error:
            position = start + (error.offset or 2) - 2
            place = next((f"before {token.text}" for token in tokens if token.start >= position), "at the end")
            self.fail(f"something is missing {place}", position)
        except (RecursionError, MemoryError, ValueError):
            self.fail("the formula is nested too deeply: name a part, as in u = …", start)
        offset = start - 1
        operands: list[int | float] = []
        for node in _children_first(root):
            position = node.col_offset + offset
            match node:
                case ast.Constant(value=int() | float() as number):
                    operands.append(float(number))
                case ast.Name():
                    operands.append(self.named(node.id, position))
                case ast.UnaryOp(op=ast.UAdd()):
                    pass
                case ast.UnaryOp(op=ast.USub()):
                    self.apply(ops.neg, 1, operands, position)
                case ast.BinOp() if type(node.op) in _BINARY:
                    after_left = (node.left.end_col_offset or 0) + offset
                    position = next(i for i in range(after_left, stop) if self.source[i] in "+-*/@")
                    self.apply(_BINARY[type(node.op)], 2, operands, position)
                case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                    self.apply(self.function(name, len(args), position), len(args), operands, position)
                case ast.Tuple():
                    self.fail("these brackets must hold one value: commas only separate a function's inputs", position)
                case _:
                    self.fail("a formula has only numbers, names, + - * / ** @, ( ) and functions", position)
        return operands[0]

    def named(self, name: str, position: int) -> int | float:
        if name == "pi":
            return math.pi
        if name in FUNCTIONS:
            self.fail(f"'{name}' is a function: write {name}(x)", position)
        self.unused.pop(name, None)
        if name not in self.meaning:
            self.meaning[name] = len(self.steps)
            self.steps.append(Step(position, name))
        return self.meaning[name]

    def function(self, name: str, given: int, position: int) -> Callable[..., Any]:
        if name not in FUNCTIONS:
            near = _ALIASES.get(name.lower()) or next(iter(difflib.get_close_matches(name.lower(), FUNCTIONS, 1)), None)
            hint = f"did you mean {near}?" if near else f"choose from {', '.join(FUNCTIONS)}."
            self.fail(f"there is no function '{name}': {hint} To multiply, write {name}*(…)", position)
        wanted = len(OPS[FUNCTIONS[name].__name__].vjps)
        if given != wanted:
            example = f"{name}({', '.join('xy'[:wanted])})"
            self.fail(f"{name} takes {wanted} input{'s'[: wanted - 1]}, got {given}: write {example}", position)
        return FUNCTIONS[name]

    def apply(self, function: Callable[..., Any], count: int, operands: list[int | float], position: int) -> None:
        """Replace the last `count` operands by the result of a function: a step, or a constant if they all are."""
        inputs = tuple(operands[-count:])
        del operands[-count:]
        if function is ops.pow and isinstance(inputs[1], float) and abs(inputs[1]) > 1000:
            self.fail(f"the exponent {inputs[1]:g} is too large: at most 1000", position)
        if not all(isinstance(i, float) for i in inputs):
            self.steps.append(Step(position, "", function, inputs))
            operands.append(len(self.steps) - 1)
            return
        with np.errstate(all="ignore"):  # in float64: a tower like 9**9**9 overflows at once, and never hangs
            value = float(applied(function, [np.float64(i) for i in inputs], self.text, position))
        if not math.isfinite(value):
            self.fail(f"this constant is {value}: it must be a finite number", position)
        operands.append(value)


def _children_first(root: ast.expr) -> list[Any]:
    """The nodes of an expression in the order of evaluation.  What is not on the list keeps its children."""
    order: list[ast.expr] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        order.append(node)
        match node:
            case ast.BinOp():
                waiting += node.left, node.right
            case ast.UnaryOp():
                waiting.append(node.operand)
            case ast.Call():
                waiting += node.args
    return order[::-1]


def _instead(character: str) -> str:
    if character in _INSTEAD:
        return _INSTEAD[character]
    if unicodedata.decomposition(character).startswith("<super>"):
        return f"write **{unicodedata.normalize('NFKC', character)} for a power"
    return "names are written in the letters a to z" if character.isalpha() else "delete it"
