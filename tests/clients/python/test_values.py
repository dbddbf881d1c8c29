"""Values of every type and form: made by scripts and read by the client, sent by the client and judged by scripts."""
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

UUID = "5d212a78-cc48-e3b1-4235-b4d91473ee87"
INT128 = "e1671797c52e15f763380b45e841ec32"


def same(got, wanted):
    """Equal as the client shows it; None stands for every null."""
    if isinstance(wanted, list):
        return len(got) == len(wanted) and all(same(a, b) for a, b in zip(got, wanted))
    if wanted is None:
        return got is None or pd.isna(got)
    if isinstance(wanted, np.datetime64):
        return (got.to_datetime64() if isinstance(got, pd.Timestamp) else got) == wanted
    return bool(got == wanted)


def moment(text):
    return np.datetime64(text)


SCALARS = {
    "true": True, "false": False, "5c": 5, "-5h": -5, "7": 7, "9223372036854775807l": 2**63 - 1, "1.5f": 1.5, "-2.25": -2.25,
    '"ümläut 中文"': "ümläut 中文", '""': None, "`s": "s",
    "2024.02.29": moment("2024-02-29"), "1969.12.31": moment("1969-12-31"), "2024.02M": moment("2024-02"),
    "01:02:03.004": moment("1970-01-01T01:02:03.004"), "13:30m": moment("1970-01-01T13:30"),
    "01:02:03": moment("1970-01-01T01:02:03"), "2024.02.29T01:02:03": moment("2024-02-29T01:02:03"),
    "2024.02.29T01:02:03.004": moment("2024-02-29T01:02:03.004"),
    "01:02:03.000000004": moment("1970-01-01T01:02:03.000000004"),
    "2024.02.29T01:02:03.000000004": moment("2024-02-29T01:02:03.000000004"),
    "datehour(2024.02.29T13:00:00)": moment("2024-02-29T13"),
    f"uuid('{UUID}')": UUID, "ipaddr('192.168.0.1')": "192.168.0.1", f"int128('{INT128}')": INT128,
    "ipaddr('2001:db8:1:2:3:4:5:6')": "2001:db8:1:2:3:4:5:6", "blob('a b')": b"a b",
    "decimal32('123.45', 2)": Decimal("123.45"), "decimal64('-0.5', 3)": Decimal("-0.5"),
    "decimal128('12345678901234567890.123', 3)": Decimal("12345678901234567890.123"),
    "NULL": None, "00b": None, "00c": None, "00h": None, "00i": None, "00l": None, "00f": None, "00F": None, "00d": None,
    "month(NULL)": None, "time(NULL)": None, "minute(NULL)": None, "second(NULL)": None, "datetime(NULL)": None,
    "timestamp(NULL)": None, "nanotime(NULL)": None, "nanotimestamp(NULL)": None, "datehour(NULL)": None,
    "decimal32(NULL, 2)": None, "decimal64(NULL, 2)": None, "decimal128(NULL, 2)": None,
}


@pytest.mark.parametrize("script", SCALARS)
def test_scalars_made_by_scripts(session, script):
    got = session.run(script)
    assert same(got, SCALARS[script]), got


COLUMNS = {
    "bool([true, NULL, false])": [True, None, False],
    "char([1, NULL, -3])": [1, None, -3],
    "short([1, NULL, -3])": [1, None, -3],
    "int([1, NULL, -3])": [1, None, -3],
    "long([1, NULL, -3])": [1, None, -3],
    "float([1.5, NULL, -3])": [1.5, None, -3],
    "[1.5, NULL, -3.0]": [1.5, None, -3],
    '["a", "", "c"]': ["a", "", "c"],
    'symbol(["a", "", "c"])': ["a", "", "c"],
    'blob(["a", "", "c"])': [b"a", b"", b"c"],
    "[2024.01.01, NULL, 1969.12.31]": [moment("2024-01-01"), None, moment("1969-12-31")],
    "[2024.01M, NULL]": [moment("2024-01"), None],
    "[01:02:03.004, NULL]": [moment("1970-01-01T01:02:03.004"), None],
    "[13:30m, NULL]": [moment("1970-01-01T13:30"), None],
    "[01:02:03, NULL]": [moment("1970-01-01T01:02:03"), None],
    "[2024.01.01T01:02:03, NULL]": [moment("2024-01-01T01:02:03"), None],
    "[2024.01.01T01:02:03.004, NULL]": [moment("2024-01-01T01:02:03.004"), None],
    "[01:02:03.000000004, NULL]": [moment("1970-01-01T01:02:03.000000004"), None],
    "[2024.01.01T01:02:03.000000004, NULL]": [moment("2024-01-01T01:02:03.000000004"), None],
    "datehour([2024.01.01T01:00:00, NULL])": [moment("2024-01-01T01"), None],
    f"take(uuid('{UUID}'), 2)": [UUID, UUID],
    "take(ipaddr('10.0.0.1'), 2)": ["10.0.0.1", "10.0.0.1"],
    f"take(int128('{INT128}'), 2)": [INT128, INT128],
    "decimal32([1.25, NULL], 2)": [Decimal("1.25"), None],
    "decimal64([1.25, NULL], 2)": [Decimal("1.25"), None],
    "decimal128([1.25, NULL], 2)": [Decimal("1.25"), None],
    "array(INT, 0)": [], "array(STRING, 0)": [], "array(SYMBOL, 0)": [], "array(ANY, 0)": [], "array(DATE, 0)": [],
}


@pytest.mark.parametrize("script", COLUMNS)
def test_vectors_made_by_scripts(session, script):
    got = session.run(script)
    assert same(list(got), COLUMNS[script]), got


@pytest.mark.parametrize("script", [script for script in COLUMNS if "ANY" not in script])
@pytest.mark.parametrize("compress", [False, True])
def test_columns_made_by_scripts(connect, script, compress):
    got = connect(compress=compress).run(f"table({script} as x)")["x"]
    assert same(list(got), COLUMNS[script]), got


ARRAYS = {
    "BOOL": ("[true false, [true]]", [[True, False], [True]]),
    "CHAR": ("[char(1 2), char([3])]", [[1, 2], [3]]),
    "SHORT": ("[short(1 2), short([3])]", [[1, 2], [3]]),
    "INT": ("[1 2, [3]]", [[1, 2], [3]]),
    "LONG": ("[long(1 2), long([3])]", [[1, 2], [3]]),
    "FLOAT": ("[float(1 2), float([3])]", [[1, 2], [3]]),
    "DOUBLE": ("[1.5 2.5, [3.5]]", [[1.5, 2.5], [3.5]]),
    "DATE": ("[2024.01.01 2024.01.02, [2024.01.03]]", [[moment("2024-01-01"), moment("2024-01-02")], [moment("2024-01-03")]]),
    "TIMESTAMP": ("[[2024.01.01T00:00:00.001], [2024.01.01T00:00:00.002]]",
                  [[moment("2024-01-01T00:00:00.001")], [moment("2024-01-01T00:00:00.002")]]),
    "UUID": (f"[[uuid('{UUID}')], [uuid('{UUID}')]]", [[UUID], [UUID]]),
    "DECIMAL64(2)": ("[decimal64(1.25 2.5, 2), decimal64([3], 2)]", [[Decimal("1.25"), Decimal("2.5")], [Decimal("3")]]),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_array_vectors_made_by_scripts(session, name):
    script, wanted = ARRAYS[name]
    made = f"array({name}[], 0, 10).append!({script})"
    assert same([list(row) for row in session.run(made)], wanted)
    assert same([list(row) for row in session.run(f"table({made} as x)")["x"]], wanted)


def test_other_forms_made_by_scripts(session):
    assert session.run("3:5") == [3, 5]
    values, rows, columns = session.run("m = 1..6$2:3; m.rename!(`x`y, 2024.01M + 0..2); m")
    assert values.tolist() == [[1, 3, 5], [2, 4, 6]]
    assert list(rows) == ["x", "y"] and list(columns) == [moment("2024-01"), moment("2024-02"), moment("2024-03")]
    assert session.run("matrix([1.5, NULL], [2.5, 3.5])")[0][0].tolist() == [1.5, 2.5]
    assert session.run("set(3 1 2)") == {1, 2, 3}
    assert session.run("dict(`a`b, 1.5 2.5)") == {"a": 1.5, "b": 2.5}
    mixed = session.run("dict(`n`v`t, (1, 1 2 3, table(1..2 as x)))")
    assert mixed["n"] == 1 and mixed["v"].tolist() == [1, 2, 3] and mixed["t"]["x"].tolist() == [1, 2]
    nested = session.run("(1, `a, (2, [3, 4]), {k: 5})")
    assert nested[0] == 1 and nested[1] == "a" and nested[2][0] == 2 and nested[2][1].tolist() == [3, 4] and nested[3] == {"k": 5}
    assert session.run("add") == "add"
    assert session.run("def twice(x) { return 2 * x }; twice").startswith("def twice")
    assert session.run("<select 1 + 1>").replace(" ", "") == "<select1+1>"


def test_a_value_without_result_is_none(session):
    assert session.run("x = 1") is None
    assert session.run("") is None


PYTHON_VALUES = {
    "int": (7, "typestr(x) == 'LONG' and x == 7"),
    "negative": (-2**62, "x == -4611686018427387904l"),
    "float": (1.5, "typestr(x) == 'DOUBLE' and x == 1.5"),
    "nan": (float("nan"), "isNull(x)"),
    "bool": (True, "typestr(x) == 'BOOL' and x"),
    "none": (None, "isNull(x)"),
    "text": ("ümläut 中文", "typestr(x) == 'STRING' and strlen(x) == 15"),
    "empty text": ("", "isNull(x)"),
    "bytes": (b"abc", "typestr(x) == 'BLOB' and string(x) == 'abc'"),
    "decimal": (Decimal("12.345"), "typestr(x) == 'DECIMAL64' and string(x) == '12.345'"),
    "date": (moment("2024-02-29"), "typestr(x) == 'DATE' and x == 2024.02.29"),
    "month": (moment("2024-02"), "typestr(x) == 'MONTH' and x == 2024.02M"),
    "hour": (np.datetime64("2024-02-29T05", "h"), "x == datehour(2024.02.29T05:00:00)"),
    "minute": (np.datetime64("2024-02-29T05:06", "m"), "timestamp(x) == 2024.02.29T05:06:00.000"),
    "second": (moment("2024-02-29T01:02:03"), "typestr(x) == 'DATETIME' and x == 2024.02.29T01:02:03"),
    "milli": (moment("2024-02-29T01:02:03.004"), "typestr(x) == 'TIMESTAMP' and x == 2024.02.29T01:02:03.004"),
    "nano": (moment("2024-02-29T01:02:03.000000004"), "typestr(x) == 'NANOTIMESTAMP' and x == 2024.02.29T01:02:03.000000004"),
    "pandas time": (pd.Timestamp("2024-02-29T01:02:03.004"), "timestamp(x) == 2024.02.29T01:02:03.004"),
    "numpy int8": (np.int8(-5), "typestr(x) == 'CHAR' and x == -5"),
    "numpy int16": (np.int16(-5), "typestr(x) == 'SHORT' and x == -5"),
    "numpy int32": (np.int32(-5), "typestr(x) == 'INT' and x == -5"),
    "numpy int64": (np.int64(-5), "typestr(x) == 'LONG' and x == -5"),
    "numpy float32": (np.float32(1.5), "typestr(x) == 'FLOAT' and x == 1.5"),
    "numpy float64": (np.float64(1.5), "typestr(x) == 'DOUBLE' and x == 1.5"),
    "numpy bool": (np.bool_(True), "typestr(x) == 'BOOL' and x"),
    "list": ([1, 2, 3], "eqObj(x, long(1 2 3))"),
    "list with a hole": ([1, None, 3], "eqObj(x, long([1, NULL, 3]))"),
    "list of texts": (["a", "", "c"], 'eqObj(x, ["a", "", "c"])'),
    "mixed list": ([1, "a", 2.5], "typestr(x) == 'ANY VECTOR' and x[1] == `a"),
    "empty list": ([], "size(x) == 0"),
    "tuple": ((1, "a", [1, 2]), "typestr(x) == 'ANY VECTOR' and eqObj(x[2], long(1 2))"),
    "nested": ([1, [2, [3, [4]]]], "x[1][1][0] == 3"),
    "set": ({1, 2}, "typestr(x) like '%SET%' and size(x) == 2"),
    "set of texts": ({"a", "b"}, "`a in x"),
    "dict": ({"a": 1, "b": 2}, "x[`a] == 1 and x[`b] == 2"),
    "mixed dict": ({"a": 1, "b": "two", "c": [1, 2]}, "x[`b] == `two and eqObj(x[`c], long(1 2))"),
    "dict of dicts": ({"a": {"b": 1}}, "x[`a][`b] == 1"),
    "vector": (np.array([1, 2, 3], dtype="int32"), "eqObj(x, 1 2 3)"),
    "vector of doubles": (np.array([1.5, np.nan]), "eqObj(x, [1.5, NULL])"),
    "vector of bools": (np.array([True, False]), "eqObj(x, true false)"),
    "vector of texts": (np.array(["a", "bc"]), "eqObj(x, `a`bc)"),
    "vector of days": (np.array(["2024-01-01", "NaT"], dtype="datetime64[D]"), "eqObj(x, [2024.01.01, NULL])"),
    "vector of ms": (np.array(["2024-01-01T00:00:00.001"], dtype="datetime64[ms]"), "eqObj(x, [2024.01.01T00:00:00.001])"),
    "vector of decimals": ([Decimal("1.25"), None], "eqObj(x, decimal64([1.25, NULL], 2))"),
    "matrix": (np.array([[1, 2, 3], [4, 5, 6]], dtype="int32"), "eqObj(x, 1 4 2 5 3 6$2:3)"),
    "matrix of doubles": (np.array([[1.5, np.nan]]), "x[0, 0] == 1.5 and isNull(x[0, 1])"),
    "series": (pd.Series([1, 2], dtype="int16"), "eqObj(x, short(1 2))"),
}


@pytest.mark.parametrize("name", PYTHON_VALUES)
def test_values_uploaded_by_the_client(session, name):
    value, check = PYTHON_VALUES[name]
    session.upload({"x": value})
    assert session.run(check), (session.run("typestr(x)"), session.run("x"))


@pytest.mark.parametrize("name", PYTHON_VALUES)
def test_values_given_to_functions(session, name):
    value, check = PYTHON_VALUES[name]
    session.run(f"def judge(x) {{ return {check} }}")
    assert session.run("judge", value)


def test_functions_take_several_arguments_and_expressions(session):
    assert session.run("add", 1, 2) == 3
    assert session.run("add{40}", 2) == 42
    assert session.run("def(x, y) { return x - y }", 5, 3) == 2
    assert session.run("{x -> x * 2}", 21) == 42
    session.upload({"v": [3, 1, 2]})
    assert session.run("sort!{v}", True).tolist() == [1, 2, 3]
    assert session.run("each{add{1}, }", [1, 2]).tolist() == [2, 3]
    assert session.run("wavg{, 1 2 3}", [1.0, 2.0, 3.0]) == pytest.approx(14 / 6)


def test_many_names_in_one_upload(session):
    session.upload({f"v{i}": i for i in range(50)})
    assert session.run("v0 + v49") == 49


def test_decimals_can_be_asked_for_as_doubles(session):
    script = "table(decimal64([1.25, NULL], 2) as x)"
    assert session.run(script)["x"].tolist()[0] == Decimal("1.25")
    doubles = session.run(script, disableDecimal=True)["x"]
    assert doubles.dtype == np.float64 and doubles[0] == 1.25 and np.isnan(doubles[1])


def test_tables_can_be_lists(session):
    columns = session.run("table(1..3 as a, `x`y`z as b)", pickleTableToList=True)
    assert columns[0].tolist() == [1, 2, 3] and list(columns[1]) == ["x", "y", "z"]


def test_long_texts_and_uuids_of_python(session):
    session.upload({"text": "x" * 200_000, "id": str(uuid.UUID(int=5))})
    assert session.run("strlen(text)") == 200_000
    assert session.run("uuid(id)") == str(uuid.UUID(int=5))
    assert session.run("text") == "x" * 200_000


def test_charts_are_dictionaries(session):
    chart = session.run("plot(table(1 2 3 as low, 4 5 6.5 as high), `a`b`c, `Prices`day`price, BAR, true, {multiYAxes: true})")
    assert chart["chartType"] == 1 and chart["stacking"] is True or chart["stacking"] == 1
    assert list(chart["title"]) == ["Prices", "day", "price"]
    values, rows, columns = chart["data"]
    assert values.tolist() == [[1, 4], [2, 5], [3, 6.5]] and list(rows) == ["a", "b", "c"] and list(columns) == ["low", "high"]
    assert chart["extras"] == {"multiYAxes": True}
    assert session.run("plotHist(1 2 3, 5, 0:4)")["binCount"] == 5
