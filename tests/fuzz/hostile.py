"""Hostile content: valid files with something changed, and tables and configs made of values that break readers."""

import copy
import gzip

from hypothesis import strategies as st

NAMES = [
    "sample",
    "person",
    "group",
    "batch",
    "age",
    "als",
    "control",
    "b1",
    "S1",
    "S9",
    "primary",
    "plain",
    "categorical",
    "numeric",
]
NASTY = [
    "", " ", "\t", "\n", "\r", "\r\n", "\0", "\x1a", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u202e", "\u200b",
    "\ufeff", "\u00a0", "0", "-0", "-0.0", "00", "1.5", "-1", "1e3", "1e400", "-1e400", "1e-400", "1e101", "inf",
    "-inf", "nan", "NaN", "NA", "null", "9" * 25, "9" * 400, "2147483648", "9223372036854775808", "0x10", "1_000",
    "1,5", "1:30", "٣", "½", "TRUE", "false", "None", "~", "=1+1", "=HYPERLINK(\"http://x\",\"y\")", "@SUM(1)",
    "+cmd|' /C calc'!A0", "-2+3", "-", "+/-", "＝1", "$(touch owned)", "`touch owned`", "; touch owned",
    "| touch owned", "&& touch owned", "<script>alert(1)</script>", "</script><!--", "'\"><img src=x>", "$\\frac{",
    "$x^{2}$", "{sample}", "{cohort}", "{0}", "{", "}", "%s", "%n", "%(a)s", "../../etc/passwd", "/etc/passwd",
    "..", ".", "a/b", "a\\b", "C:\\con", "con", "__import__('os').system('touch owned')", "__class__", "Intercept",
    "]:", "[T.", "\"", "\"\"", "'", "\"a\nb\"", "\"unclosed", "ENSG00000000001.1_PAR_Y", "x" * 300, "x" * 600,
    "é" * 200, "\U0001f9ec", "a\u0301", "!!python/object/apply:os.system [touch owned]", "!!binary YQ==", "&a",
    "*a", "<<", "? a", "- - -", "...", "---", "#", "|", ">", "[[[[", "{{{{", "%YAML 9.9",
]  # fmt: skip
VALUES = [
    None, True, False, 0, -1, 1, 2**31, 2**63 - 1, -(2**63), 1.5, -0.0, 1e308, -1e308, 5e-324, float("nan"),
    float("inf"), [], {}, [[]], [{}], {"": ""}, {"a": {"b": "c"}}, [None], ["a", "a"], {"1": 1}, list(range(50)),
    ["~ group"], {"test": "als"},
]  # fmt: skip
CHANGES = ["flip", "cut", "remove", "copy", "insert", "bytes", "cell", "cell", "cell", "lines", "ends"]
few = st.sampled_from([1, 1, 1, 2, 2, 3])
tokens = st.one_of(st.sampled_from(NASTY), st.text(max_size=12), st.integers(-(10**6), 10**6).map(str))


@st.composite
def changed_bytes(draw, seeds):
    """One of several valid files after one to three changes: bits, cuts, copies, lines, cells, line ends, compression."""
    content = draw(st.sampled_from(seeds))
    packed = content.startswith(b"\x1f\x8b")
    inside = packed and draw(st.booleans())
    if inside:
        content = gzip.decompress(content)
    for _ in range(draw(few)):
        content = _changed(draw, content)
    return gzip.compress(content, mtime=0) if inside else content


def _changed(draw, content):
    if not content:
        return draw(st.binary(max_size=50))
    start = draw(st.integers(0, len(content) - 1))
    length = draw(st.integers(1, 40))
    change = draw(
        st.sampled_from(["flip", "cut", "remove", "copy", "insert", "bytes", "cell", "cell", "cell", "lines", "ends"])
    )
    if change == "flip":
        changed = bytearray(content)
        changed[start] ^= 1 << draw(st.integers(0, 7))
        return bytes(changed)
    if change == "cut":
        return content[:start]
    if change == "remove":
        return content[:start] + content[start + length :]
    if change == "copy":
        return content[:start] + content[start : start + length] * draw(st.integers(2, 30)) + content[start:]
    if change == "insert":
        return content[:start] + _encoded(draw(tokens)) + content[start:]
    if change == "bytes":
        return content[:start] + draw(st.binary(min_size=1, max_size=length)) + content[start + length :]
    if change == "ends":
        return content.replace(b"\n", draw(st.sampled_from([b"\r\n", b"\r", b"\n\n", b"\n\r", b"\x00", b"\x85", b""])))
    lines = content.split(b"\n")
    row = draw(st.integers(0, len(lines) - 1))
    if change == "lines":
        other = draw(st.integers(0, len(lines) - 1))
        lines[row], lines[other] = lines[other], lines[row]
    else:
        delimiter = next((mark for mark in (b"\t", b",", b": ", b";") if mark in lines[row]), b" ")
        cells = lines[row].split(delimiter)
        cells[draw(st.integers(0, len(cells) - 1))] = _encoded(draw(tokens))
        lines[row] = delimiter.join(cells)
    return b"\n".join(lines)


def _encoded(text):
    return text.encode("utf-8", "surrogatepass")


@st.composite
def tables(draw, header, usual):
    """A table with cells of all sorts: most of a row are `usual`, so that it gets past the first check."""
    cells = st.one_of(usual, usual, usual, usual, usual, tokens)
    header = [draw(tokens) if draw(st.integers(0, 40)) == 0 else name for name in header]
    body = draw(st.lists(st.tuples(tokens, *[cells] * (len(header) - 1)), min_size=1, max_size=6))
    delimiter, end = draw(st.sampled_from(["\t", "\t", ",", ";"])), draw(st.sampled_from(["\n", "\r\n"]))
    content = _encoded(end.join(delimiter.join(row) for row in [header, *body]))
    return gzip.compress(content, mtime=0) if draw(st.integers(0, 9)) == 0 else content


@st.composite
def sentences(draw, start, parts, joints):
    """A sentence of a small language: parts with joints between them, now and then something else."""
    words = [start]
    for number in range(draw(st.integers(1, 8))):
        words += [draw(st.sampled_from(joints))] if number else []
        words.append(draw(tokens) if draw(st.integers(0, 12)) == 0 else draw(st.sampled_from(parts)))
    return " ".join(words)


@st.composite
def changed_data(draw, valid):
    """Plain data, such as a config holds, with values replaced, removed, renamed or added at one to three places."""
    content = copy.deepcopy(valid)
    for _ in range(draw(few)):
        places = list(_places(content))
        if not places:
            break
        parent, key = draw(st.sampled_from(places))
        change = draw(st.sampled_from(["value", "value", "text", "text", "remove", "add", "rename", "wrap"]))
        if change == "value":
            parent[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        elif change == "text":
            parent[key] = draw(tokens | st.sampled_from(NAMES))
        elif change == "remove":
            del parent[key]
        elif change == "wrap":
            parent[key] = [parent[key]]
        elif isinstance(parent, dict) and change == "rename":
            parent[draw(tokens | st.sampled_from(NAMES))] = parent.pop(key)
        elif isinstance(parent, dict):
            parent[draw(tokens)] = copy.deepcopy(draw(st.sampled_from([*VALUES, parent[key]])))
        else:
            parent.append(draw(tokens))
    return content


def _places(content):
    """Every place in plain data, as the container and its key."""
    items = list(content.items()) if isinstance(content, dict) else list(enumerate(content))
    for key, value in items:
        yield content, key
        if isinstance(value, dict | list):
            yield from _places(value)
