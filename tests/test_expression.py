"""Typed formulas: what they compute, and how everything else is refused."""

import math
import operator
import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from textbook.engine import Tensor, topological_order
from textbook.expression import FUNCTIONS, LONGEST, ExpressionError, parse
from textbook.expression.reader import DEEPEST

# ---------------------------------------------------------------------------------------------- what they compute


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(x + y)*y", 10.0),
        ("x + y*y", 7.0),
        ("-x**2", -9.0),
        ("(-x)**2", 9.0),
        ("x**-y", 1 / 9),
        ("x**y**x", 3.0**8),
        ("x - y - 1", 0.0),
        ("x/y/2", 0.75),
        ("x − y × 4 ÷ 2·x⋅1", -9.0),
        ("x\t+\xa0y\r\n", 5.0),
        ("+x - -y", 5.0),
        (".5*x + 1.*y + 2e-1", 3.7),
        ("pi*x", 3 * math.pi),
        ("max(x, y) - min(x, y)", 1.0),
        ("maximum(x, 9) + minimum(y, -9)", 0.0),
        ("mean(x) + sum(y)", 5.0),
        ("u = x + y; f = u*y", 10.0),
        ("u = x + y\n\n  f = u*y  # the source's Fig. 1\n", 10.0),
        ("u = (x +\n y); f = u\n", 5.0),
        ("x*y;", 6.0),
        ("a = 2; b = a**3; b*x + y", 26.0),
        ("u = x; v = u; v*v + y", 11.0),
        ("x + 0*y # × ² \x00 anything", 3.0),
    ],
)
def test_value(text, expected):
    values = {"x": 3, "y": 2.0}
    expression = parse(text)
    result = expression(**{name: values[name] for name in expression.names})
    assert type(result) is float
    assert result == pytest.approx(expected, rel=1e-15)


NUMPY = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: x * (x > 0),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "mean": np.mean,
    "sum": np.sum,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "max": np.maximum,
    "min": np.minimum,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_agrees_with_numpy(name):
    values = {"x": np.array([0.5, 2.0, 3.0]), "y": np.array([0.7, 1.0, 3.5])}
    inputs = ["x", "y"] if name in ("maximum", "minimum", "max", "min") else ["x"]
    result = parse(f"{name}({', '.join(inputs)})")(**{i: values[i] for i in inputs})
    np.testing.assert_allclose(result, NUMPY[name](*[values[i] for i in inputs]), rtol=1e-15)


def test_names_stand_in_order_of_first_appearance():
    assert parse("u = b*a; f = u + c*a - e").names == ("b", "a", "c", "e")


def test_attributes_and_repr():
    expression = parse("x × y")
    assert expression.text == "x × y"
    assert repr(expression) == "Expression(text='x × y', names=('x', 'y'))"
    assert expression == parse("x × y") != parse("x*y")


def test_arrays_broadcast_and_integers_become_floats():
    result = parse("x**-1 + y")(x=np.array([[1], [2]]), y=[0, 1, 2])
    np.testing.assert_array_equal(result, [[1.0, 2.0, 3.0], [0.5, 1.5, 2.5]])


def test_numpy_scalars_give_numpy_scalars():
    assert type(parse("x")(x=np.int64(3))) is np.float64
    assert type(parse("x*y")(x=np.float32(3), y=np.float32(2))) is np.float32


def test_a_variable_may_be_called_self_or_text():
    assert parse("self*text")(self=2, text=3) == 6


def test_float32_stays_float32():
    x = np.array([1.0, 2.0], dtype=np.float32)
    expression = parse("u = 2*x; sigmoid(u)**2 + 1/u + pi")
    assert expression(x=x).dtype == np.float32
    assert expression(x=Tensor(x, requires_grad=True)).dtype == np.float32


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("1/x", 0, np.inf),
        ("-1/x", 0.0, -np.inf),
        ("log(x)", -1, np.nan),
        ("x**0.5", -4, np.nan),
        ("exp(x)", 1e4, np.inf),
    ],
)
def test_outside_the_domain_the_result_is_inf_or_nan_without_a_warning(text, x, expected):
    np.testing.assert_equal(parse(text)(x=x), expected)
    np.testing.assert_equal(parse(text)(x=np.array([x, x])), [expected] * 2)
    np.testing.assert_equal(parse(text)(x=Tensor(float(x), requires_grad=True)).item(), expected)


def test_matmul_of_tensors():
    w = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, name="weights")
    loss = parse("z = x @ w + b; sum(z*z)")(x=np.array([1.0, 1.0]), w=w, b=0.5)
    loss.backward()
    np.testing.assert_array_equal(w.grad, [[9.0, 13.0], [9.0, 13.0]])
    assert w.name == "weights"


# ---------------------------------------------------------------------------------------------- the graph


def operations(root):
    return [t.recipe.op.name for t in topological_order(root) if t.recipe]


def test_the_graph_is_the_formula_as_written():
    result, leaves = parse("u = x + y; v = u; f = v*u + x*x").tensors(x=3, y=[2.0, 1.0])
    assert operations(result) == ["add", "mul", "mul", "add"]
    assert [t.name for t in topological_order(result)] == ["x", "y", "u", "", "", "f"]
    assert list(leaves) == ["x", "y"]
    assert all(leaf.requires_grad and leaf.name == name for name, leaf in leaves.items())
    result.backward(np.ones(2))
    assert leaves["x"].grad == pytest.approx(2 * 5 + 2 * 4 + 2 * 6)
    np.testing.assert_array_equal(leaves["y"].grad, [10.0, 8.0])


def test_repeated_text_is_repeated_work_but_one_variable_is_one_node():
    result, leaves = parse("sin(x)*sin(x)").tensors(x=1.0)
    assert operations(result) == ["sin", "sin", "mul"]
    assert [t for t in topological_order(result) if not t.recipe] == [leaves["x"]]


def test_constants_are_computed_beforehand():
    result, _ = parse("a = 2**3 - 1; -x*a + sqrt(16)/a*0").tensors(x=1.0)
    assert operations(result) == ["neg", "mul", "add"]


def test_an_alias_renames_nothing():
    x = Tensor(1.0, requires_grad=True)
    parse("u = x; v = +u; w = v*2; f = w")(x=x)
    assert x.name == ""
    result, _ = parse("u = x; v = +u; w = v*2; f = w").tensors(x=1.0)
    assert result.name == "w"


def test_a_formula_may_be_a_single_variable():
    result, leaves = parse("x").tensors(x=2)
    assert result is leaves["x"]


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("x" + "+x" * 999, 1000.0),
        ("-" * DEEPEST + "x", 1.0),
        ("(" * DEEPEST + "x" + ")" * DEEPEST, 1.0),
        ("abs(" * DEEPEST + "x" + ")" * DEEPEST, 1.0),
        ("x" + "*1" * 999, 1.0),
        ("x" + "-x" * 999, -998.0),
        ("1**" * 666 + "x", 0.0),
    ],
)
def test_deep_and_long_formulas(text, slope):
    result, leaves = parse(text).tensors(x=1.0)
    result.backward()
    assert leaves["x"].grad == slope


# ---------------------------------------------------------------------------------------------- what is refused

PATHOLOGICAL = [
    "(" * LONGEST,
    "x**" * 666 + "(",
    "(" * 900 + "x" + ")" * 900,
    "-" * 1999 + "x",
    "-(" * 600 + "x" + ")" * 600,
    "x" * LONGEST,
    "9" * LONGEST,
    "9**" * 600 + "9*x",
    "x" + "(x)" * 600,
    "[" * LONGEST,
    "x;" * 1000,
    "#" * LONGEST,
    "=" * LONGEST,
    "+" * LONGEST,
    "f(" * 900,
    "\n" * LONGEST,
]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "the formula is empty: write one"),
        ("  \n ; # nothing", 1, "the formula is empty: write one"),
        ("x*y" + " " * LONGEST, 2001, "at most 2000"),
        ("2x", 2, "write 2*x"),
        ("x + 3.5(y)", 8, "write 3.5*("),
        ("(x)(y)", 4, "write )*("),
        ("x y", 3, "write x*y"),
        ("x 2", 3, "write x*2"),
        ("3j*x", 2, "write 3*j"),
        ("1.2.3*x", 4, "operator is missing"),
        ("0x10*x", 2, "write 0*x10"),
        ("× y", 1, "something is missing before *"),
        ("x × 2y", 6, "write 2*y"),
        ("x − y ÷ z²", 10, "write **2 for a power"),
        ("x^2", 2, "write ** for a power"),
        ("x // y", 3, "write / to divide"),
        ("x % y", 3, "only + - * / ** @"),
        ("x +", 4, "something is missing at the end"),
        ("x + * y", 5, "something is missing before *"),
        ("sin(x, )*", 10, "something is missing at the end"),
        ("max(x,, y)", 7, "something is missing before ,"),
        ("*x", 1, "something is missing before *"),
        ("x*(y + 1", 3, "never closed"),
        ("(x; y)", 1, "never closed"),
        ("x + y)", 6, "closes nothing"),
        ("x + ()", 5, "must hold one value"),
        ("(x, y)", 1, "must hold one value"),
        ("x, y", 2, "write ; between parts"),
        ("u = x\nf = u*z^2", 8, "write ** for a power"),
        ("x.data", 2, "a dot stands only inside a number"),
        ("x.__class__", 2, "a dot"),
        ("x[0]", 2, "use round brackets"),
        ("{x}", 1, "use round brackets"),
        ("'x'", 1, "no text in quotes"),
        ("f'{x}'", 2, "no text in quotes"),
        ("b'x'", 2, "no text in quotes"),
        ("x < y", 3, "no comparisons"),
        ("x == y", 4, "= can only follow one name"),
        ("x != y", 3, "no comparisons"),
        ("x & y", 3, "no logic"),
        ("x and y", 3, "word of Python"),
        ("not x", 1, "word of Python"),
        ("True*x", 1, "word of Python"),
        ("None", 1, "word of Python"),
        ("lambda x", 1, "word of Python"),
        ("x if y else 1", 3, "word of Python"),
        ("(x for x in y)", 4, "word of Python"),
        ("import os", 1, "word of Python"),
        ("(x := 1)", 4, "write = to name a value"),
        ("x += 1", 4, "= can only follow one name"),
        ("f(x) = x", 6, "= can only follow one name"),
        ("u = v = x", 7, "= can only follow one name"),
        ("= x", 1, "= can only follow one name"),
        ("u =", 4, "a value is missing after u ="),
        ("sin(x=y)", 6, "= can only follow one name"),
        ("sin(*x)", 5, "only numbers, names"),
        ("sin(**x)", 1, "only numbers, names"),
        ("sin", 1, "'sin' is a function: write sin(x)"),
        ("sin x", 5, "'sin' is a function: write sin(x)"),
        ("sin = x", 1, "already has a meaning"),
        ("pi = x", 1, "already has a meaning"),
        ("sin()", 1, "sin takes 1 input, got 0: write sin(x)"),
        ("1 + exp(x, y)", 5, "exp takes 1 input, got 2: write exp(x)"),
        ("max(x)", 1, "max takes 2 inputs, got 1: write max(x, y)"),
        ("sine(x)", 1, "did you mean sin?"),
        ("Sqrt(x)", 1, "did you mean sqrt?"),
        ("x + lg(x)", 5, "did you mean log?"),
        ("x + zzz(x)", 5, "choose from exp, log, "),
        ("x(y + 1)", 1, "To multiply, write x*(…)"),
        ("eval(x)", 1, "no function 'eval'"),
        ("__import__(x)", 1, "no two underscores"),
        ("a__b", 1, "no two underscores"),
        ("x*" + "n" * 21, 3, "at most 20 characters"),
        ("α*x", 1, "letters a to z"),
        ("2*π*x", 3, "write pi"),
        ("√x", 1, "write sqrt(x)"),
        ("x*٣", 3, "'٣' has no meaning here"),
        ("x\x00", 2, r"'\x00' has no meaning here"),
        ("x\u2028y", 2, r"'\u2028' has no meaning here"),
        ("\ud800", 1, r"'\ud800' has no meaning here"),
        ("x\\\n+y", 2, r"'\\' has no meaning here"),
        ("2 + 3", 1, "at least one variable"),
        ("a = 2; a*pi", 8, "at least one variable"),
        ("1/0 + x", 2, "this constant is inf"),
        ("x*log(0 - 1)", 3, "this constant is nan"),
        ("(-8)**0.5*x", 5, "this constant is nan"),
        ("x + 9.0**999", 8, "this constant is inf"),
        ("x*(2 @ 3)", 6, "do not fit here"),
        ("9**9**9 + x", 2, "the exponent 3.8742e+08 is too large"),
        ("x**1001", 2, "the exponent 1001 is too large"),
        ("x ** -(500 + 501)", 3, "the exponent -1001 is too large"),
        ("n = 2000; x**n", 12, "the exponent 2000 is too large"),
        ("x + 1e101", 5, "too large or too long"),
        ("x + 1e999", 5, "too large or too long"),
        ("9" * 31 + "*x", 1, "too large or too long"),
        ("x + 007", 5, "write 7 without the leading 0"),
        ("u = x; u = y", 8, "'u' has a value already"),
        ("f = u*y; u = x", 5, "'u' is used before it is defined"),
        ("u = 1 + u", 9, "'u' is used before it is defined"),
        ("x = 1\nx = 2", 1, "'x' has a value already"),
        ("u = x + y; x*y", 1, "'u' is never used"),
        ("x + y; x*y", 1, "only the last part may stand without a name"),
        ("x + y\n+ z", 1, "only the last part may stand without a name"),
        ("-" * (DEEPEST + 1) + "x", 101, "over 100 nested"),
        ("(" * (DEEPEST + 1) + "x" + ")" * (DEEPEST + 1), 101, "over 100 nested"),
    ],
)
def test_refused(text, column, message):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    error = caught.value
    assert message in str(error)
    assert (error.column, error.text) == (column, text)
    assert str(error).endswith(f"column {column})")
    assert str(error).isprintable()  # so it is one line


def test_an_error_on_a_later_line_names_the_line():
    with pytest.raises(ExpressionError, match=r"\(line 3, column 10\)$") as caught:
        parse("u = x*y  # Fig. 1\r\n\nf = u × 2v")
    assert (caught.value.line, caught.value.column) == (3, 10)


@pytest.mark.parametrize("text", [None, 3, b"x", ["x"], Tensor(1.0)])
def test_not_text(text):
    with pytest.raises(ExpressionError, match="expected a formula as text"):
        parse(text)


@pytest.mark.parametrize("text", PATHOLOGICAL)
def test_pathological_text_is_refused(text):
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, r"lacks x, y: give a value for each of x, y"),
        ({"x": 1}, r"lacks y"),
        ({"x": 1, "y": 2, "z": 3}, r"does not know z"),
        ({"x": 1, "Y": 2}, r"lacks y and does not know Y"),
        ({"x": "1", "y": 2}, r"x must be a real number.*got str"),
        ({"x": 1, "y": None}, r"y must be a real number"),
        ({"x": 1, "y": 1j}, r"y must be a real number"),
        ({"x": 1, "y": [[1], [1, 2]]}, r"y must be a real number"),
        ({"x": 10**400, "y": 1}, r"x must be a real number"),
    ],
)
def test_wrong_values(values, message):
    for call in (parse("x*y"), parse("x*y").tensors):
        with pytest.raises(TypeError, match=message):
            call(**values)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, np.array([1.0, np.nan]), Tensor([np.inf, 0.0])])
def test_values_that_are_not_finite_are_refused_where_they_enter(bad):
    with pytest.raises(ValueError, match=r"^y contains (nan|inf|-inf): values must be finite"):
        parse("x + y")(x=1.0, y=bad)


def test_a_computed_tensor_may_be_infinite():
    x = Tensor(1e200, requires_grad=True)
    with np.errstate(over="ignore"):
        square = x * x
    assert parse("y - 1")(y=square).item() == np.inf


def test_tensors_takes_numbers():
    with pytest.raises(TypeError, match="expected numbers, got a Tensor"):
        parse("2*x").tensors(x=Tensor(1.0))


@pytest.mark.parametrize("wrap", [np.asarray, Tensor])
def test_shapes_that_do_not_fit_point_at_the_operator(wrap):
    with pytest.raises(ExpressionError, match=r"shape \(2,\) and \(3,\) do not fit here: .* \(column 7\)$"):
        parse("(1*x) + y")(x=wrap([1.0, 2.0]), y=wrap([1.0, 2.0, 3.0]))


# ---------------------------------------------------------------------------------------------- fuzz

NASTY = st.text(alphabet="xyu12.e+-*/@()=,;\n #[]{}'\"\\:<%^_!λ²−×٣\x00\ud800\U0001f600", max_size=60)
WORDS = st.lists(
    st.one_of(
        st.sampled_from("xyu=;\n+-*/@(),29#[]{:.'\"\\_\x0c\r\t −×"),
        st.sampled_from(["**", ".5", "1e9", "9999", "pi", "sin(", "max(", "sum(", "log(", "print(", "eval(", "3j"]),
        st.sampled_from([" if ", " else ", " and ", "lambda ", "None", " for ", " in ", "yield ", "await ", "async "]),
        st.sampled_from([":=", "==", "__", "0x", "1_0", "//", "->", "...", "x*y", "u = x;", "(x)"]),
    ),
    max_size=25,
).map("".join)
VALID = ["u = x + y; f = u*y", "-x**2 + max(x, y)/sin(y)", "log(1 + exp(-(x*y)))\n", "a = 2e-1\nb = x @ y\na*b"]


@st.composite
def mutated(draw):
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        stop = draw(st.integers(start, min(start + 3, len(text))))
        text = text[:start] + draw(st.one_of(st.text(max_size=2), WORDS.map(lambda w: w[:4]))) + text[stop:]
    return text


@given(st.one_of(NASTY, WORDS, mutated(), st.text()))
def test_any_text_gives_a_formula_or_an_expression_error(text):
    try:
        expression = parse(text)
    except ExpressionError as error:
        assert str(error).isprintable()
        assert error.text == text
        line = text.split("\n")[error.line - 1]
        assert 1 <= error.column <= len(line) + 1
        return
    assert expression.names
    try:
        result, leaves = expression.tensors(**dict.fromkeys(expression.names, 0.5))
    except ExpressionError as error:
        assert "do not fit here" in str(error)  # @ of numbers
        return
    assert tuple(leaves) == expression.names
    assert set(leaves.values()) <= set(topological_order(result))
    np.testing.assert_equal(expression(**dict.fromkeys(expression.names, 0.5)), result.item())


# Random trees, written out with as few brackets as the precedence of Python allows, against the tree itself.

PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "neg": 3, "**": 4}
COMPUTE = NUMPY | {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "neg": operator.neg,
}
POINT = {"x": np.float64(0.7), "y": np.float64(-1.3), "e": np.float64(1.9)}


def written(tree):
    """(text, precedence) of a tree."""
    if not isinstance(tree, tuple):
        return str(tree), 5
    op, *inputs = tree
    texts = [written(i) for i in inputs]
    if op not in PRECEDENCE:
        return f"{op}({', '.join(text for text, _ in texts)})", 5
    own = PRECEDENCE[op]

    def at_least(precedence, part):
        return part[0] if part[1] >= precedence else f"({part[0]})"

    if op == "neg":
        return "-" + at_least(own, texts[0]), own
    if op == "**":  # groups from the right, and a sign may follow it
        return f"{at_least(own + 1, texts[0])}**{at_least(PRECEDENCE['neg'], texts[1])}", own
    return f"{at_least(own, texts[0])} {op} {at_least(own + 1, texts[1])}", own


def computed(tree, point):
    if isinstance(tree, tuple):
        return COMPUTE[tree[0]](*[computed(i, point) for i in tree[1:]])
    return point[tree] if isinstance(tree, str) else np.float64(tree)


def trees(unary, binary, powers):
    leaves = st.one_of(st.sampled_from("xye"), st.sampled_from([0.5, 1, 2, 3]))

    def grow(parts):
        return st.one_of(
            st.tuples(st.sampled_from(unary), parts),
            st.tuples(st.sampled_from(binary), parts, parts),
            st.tuples(st.just("**"), parts, powers(parts)),
        )

    return st.recursive(leaves, grow, max_leaves=12)


@given(
    trees(
        ["neg", "sin", "abs", "exp", "log", "sqrt", "relu", "sum"],
        ["+", "-", "*", "/", "max", "minimum"],
        lambda parts: parts,
    )
)
def test_value_of_a_random_tree(tree):
    with np.errstate(all="ignore"):
        expected = computed(tree, POINT)
    try:
        expression = parse(written(tree)[0])
    except ExpressionError as error:
        # Constant parts must be finite, and there must be a variable; all else is readable.
        assert any(reason in str(error) for reason in ("this constant is", "too large", "at least one variable"))
        return
    values = {name: POINT[name] for name in expression.names}
    np.testing.assert_allclose(expression(**values), expected, rtol=1e-12)
    result, _ = expression.tensors(**values)
    np.testing.assert_allclose(result.item(), expected, rtol=1e-12)


@given(
    trees(
        ["neg", "sin", "cos", "tanh", "sigmoid", "softplus"],
        ["+", "-", "*"],
        lambda parts: st.sampled_from([1, 2, 3]),
    )
)
def test_gradient_of_a_random_tree(tree):
    text = written(tree)[0]
    assume(re.search(r"\b[xye]\b", text))
    result, leaves = parse(text).tensors(**{name: POINT[name] for name in parse(text).names})
    assume(abs(result.item()) < 1e3)
    result.backward()
    for name, leaf in leaves.items():

        def difference(h, name=name):
            up, down = (computed(tree, POINT | {name: POINT[name] + s}) for s in (h, -h))
            return (up - down) / (2 * h)

        coarse, fine = difference(2e-4), difference(1e-4)
        # The two differences tell how far off they are themselves: the error of the finer is a third of their gap.
        tolerance = abs(coarse - fine) + 1e-8 * (1 + abs(result.item()))
        assume(tolerance < 1e-2 * (1 + abs(fine)))
        assert abs(leaf.grad - fine) <= tolerance


@pytest.mark.parametrize(("typed", "meant"), [("ln", "log"), ("LN", "log"), ("Logistic", "sigmoid"), ("sine", "sin")])
def test_a_function_by_another_name_is_suggested(typed, meant):
    with pytest.raises(ExpressionError, match=f"did you mean {meant}"):
        parse(f"{typed}(x)")
