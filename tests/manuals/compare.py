"""Whether a printed value is what a manual shows.

Free are: white space, quotes around texts, `T` or a blank inside times, true/false or 1/0, a blank or NULL for a null, the heads of
matrices called col1 or #1, thousands set apart, the order of unordered dictionaries and sets, and digits behind those that are shown.
"""
import re

ATOM = re.compile(r"->|[\[\](){},]|[^\s,\[\](){}]+")
NUMBER = re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$")
DASHES = re.compile(r"^[ \t-]*--?[ \t-]*$", re.M)
DATE_BLANK = re.compile(r"(\d{4}\.\d\d\.\d\d) (?=\d\d:\d\d)")
WORDS = {"true": "1", "false": "0", "NULL": "", "null": ""}
TYPED_NULL = re.compile(r"(?<![\w.])00[a-zA-Z](?!\w)")
REMARK = re.compile(r"\s+//.*$", re.M)
THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d,])")
ANY_HEAD = re.compile(r"^(?:col|C|#|series)?\d+$")
CUT = "..."


def atoms(text):
    text = TYPED_NULL.sub("", REMARK.sub("", DASHES.sub("", text.replace("\t", " "))))
    if "[" not in text and "(" not in text:
        text = THOUSANDS.sub(lambda match: match.group(1).replace(",", ""), text)
    text = re.sub(r" : ", ":", text)
    text = DATE_BLANK.sub(r"\1T", text).replace('"', "").replace("'", "").replace("->", " -> ")
    found = [":".join(WORDS.get(part, part) for part in atom.split(":")) for atom in ATOM.findall(text.strip().rstrip(";"))]
    return [atom for atom in found if atom]


def close(shown, value):
    """`shown` may have fewer digits; its last one may be cut or rounded from four decimals on."""
    a, b = float(shown), float(value)
    if a == b or abs(a - b) <= 1e-9 * max(1.0, abs(a), abs(b)):
        return True
    mantissa, _, exponent = shown.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(exponent or 0) - decimals)
    if decimals == 0:
        return abs(a - b) <= 5e-7 or (bool(exponent) and abs(a - b) <= unit / 2)
    return abs(a - b) <= unit * (1.0 if decimals >= 4 else 0.5) * (1 + 1e-9)


def atom_matches(shown, value):
    if shown == value:
        return True
    return bool(NUMBER.match(shown) and NUMBER.match(value)) and close(shown, value)


def text_matches(shown, value):
    a, b = atoms(shown), atoms(value)
    if "," not in a and "," in b and "->" not in b and not any(x in ("[", ",") and y in (",", "]") for x, y in zip(b, b[1:])):
        b = [atom for atom in b if atom != ","]  # elements set apart by blanks
        a, b = (list(filter(lambda atom: atom not in "[]", side)) for side in (a, b))
    for i, atom in enumerate(a):
        if atom.rstrip("0123456789").endswith(CUT) or atom == "…":
            return i > 0
        if i >= len(b) or not atom_matches(atom, b[i]):
            return False
    return len(a) == len(b)


def entries_of(text):
    """The lines of a printed dictionary, each with those that belong to its value."""
    found = []
    for line in text.strip().split("\n"):
        if "->" in line or not found:
            found.append(line)
        else:
            found[-1] += "\n" + line
    return found


def dictionary_matches(shown, entries):
    wanted = entries_of(shown)
    have = entries_of("\n".join(f"{key}->{value}" for key, value in entries))
    if len(wanted) != len(have):
        return False
    for entry in wanted:
        match = next((i for i, other in enumerate(have) if text_matches(entry, other)), None)
        if match is None:
            return False
        del have[match]
    return True


def set_matches(shown, elements):
    wanted = sorted(atom for atom in atoms(re.sub(r"^\s*set", "", shown)) if atom not in "(),[]")
    return len(wanted) == len(elements) and all(map(atom_matches, wanted, sorted(atoms(" ".join(elements)))))


def error_matches(shown, error):
    plain = lambda text: re.sub(r"[^a-z0-9]+", " ", re.sub(r"RefId.*", "", text).lower()).strip()
    wanted, have = plain(shown), plain(error)
    return len(wanted) >= 10 and (wanted in have or (len(have) >= 20 and have in wanted))


def without_head(text):
    return text.strip("\n").split("\n", 1)[-1]


def printed_matches(shown, answer):
    """`shown` against one answer of script_runner --printed."""
    if answer.get("printed", "").strip() and text_matches(shown, answer["printed"]):
        return True
    if "error" in answer:
        return error_matches(shown, answer["error"])
    if text_matches(shown, answer["text"]):
        return True
    if answer["form"] == "dictionary":
        return dictionary_matches(shown, answer["entries"])
    if answer["form"] == "set":
        return set_matches(shown, answer["elements"])
    if answer["form"] == "matrix" and "\n" in shown.strip():
        return not any(c[0] for c in answer["columns"]) and text_matches(without_head(shown), without_head(answer["text"]))
    return False


def column_matches(shown, value):
    """Cells below the heads; dots end what is shown. Spreadsheets write -1 as (1)."""
    for i, cell in enumerate(shown):
        cell = re.sub(r"^\(([\d.,]+)\)$", r"-\1", cell)
        if cell.strip(". …") == "" and cell.strip():
            return i > 0
        if i >= len(value) or not text_matches(cell, value[i]):
            return False
    return len(shown) == len(value)


def columns_match(shown, columns, has_heads):
    if len(shown) != len(columns):
        return False
    if has_heads and not all(text_matches(a[0], b[0]) for a, b in zip(shown, columns)):
        return False
    return all(column_matches(a[1:], b[1:]) for a, b in zip(shown, columns))


def without_row_numbers(shown):
    numbers = [str(i) for i in range(len(shown[0]) - 1)]
    return shown[1:] if len(shown) > 1 and shown[0][1:] == numbers and not shown[0][0] else shown


def table_matches(shown, answer):
    """The columns of a Markdown table, heads first, against one answer."""
    form = answer.get("form")
    if form in ("vector", "tuple"):
        in_a_row = len(shown[0]) == 2 and [c[0] for c in shown] == [str(i) for i in range(len(shown))]
        cells = [c[1] for c in shown] if in_a_row else shown[0][1:]
        return (in_a_row or len(shown) == 1) and column_matches(cells, answer["elements"])
    if form == "dictionary" and len(shown) == 2:
        return columns_match(shown, [[""] + [e[i] for e in answer["entries"]] for i in range(2)], False)
    columns = answer.get("columns")
    if columns is None:
        return False
    labels = answer.get("labels")
    if form == "matrix":
        heads = any(c[0] for c in columns) and not all(ANY_HEAD.match(c[0]) for c in shown[1 if labels else 0:])
        if labels:
            return shown[0][1:] and column_matches(shown[0][1:], labels) and columns_match(shown[1:], columns, heads)
        if heads and len(shown) == len(columns) + 1:
            shown = shown[1:]
        return columns_match(shown, columns, heads) or columns_match(without_row_numbers(shown), columns, heads)
    return columns_match(shown, columns, True) or columns_match(without_row_numbers(shown), columns, True)
