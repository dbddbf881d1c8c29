// The byte vectors are the examples of the protocol's reference (docs/protocol/native.md).

import { describe, expect, test } from "vitest";
import { AnyColumn } from "./columns";
import { decodeMessage, decodeObject } from "./decode";
import { shortText } from "./format";
import { type Column, typeName, type Value, WireError } from "./types";

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/[0-9A-Fa-f]{2}/g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function columnOf(hex: string): Column {
  const value = decodeObject(bytesOf(hex));
  if (value.form === "table" || value.form === "dictionary") throw new Error(`a ${value.form} has several columns`);
  return value.column;
}

function textsOf(column: Column): (string | null)[] {
  return Array.from({ length: column.rows }, (_, row) => column.textAt(row));
}

function tableOf(hex: string): Extract<Value, { form: "table" }> {
  const value = decodeObject(bytesOf(hex));
  if (value.form !== "table") throw new Error(`a ${value.form}, not a table`);
  return value;
}

describe("scalars", () => {
  test.each([
    ["00 00 00", null],
    ["01 00 01", "true"],
    ["01 00 80", null],
    ["02 00 41", "'A'"],
    ["03 00 FB FF", "-5"],
    ["04 00 02 00 00 00", "2"],
    ["04 00 00 00 00 80", null],
    ["05 00 07 00 00 00 00 00 00 00", "7"],
    ["06 00 0B 4D 00 00", "2024.01.01"],
    ["06 00 FF FF FF FF", "1969.12.31"],
    ["07 00 E0 5E 00 00", "2024.01M"],
    ["08 00 FC CE 38 00", "01:02:03.004"],
    ["09 00 2A 03 00 00", "13:30m"],
    ["0A 00 4D 0E 00 00", "01:01:01"],
    ["0B 00 80 00 92 65", "2024.01.01T00:00:00"],
    ["0C 00 00 F4 51 C2 8C 01 00 00", "2024.01.01T00:00:00.000"],
    ["0C 00 FF FF FF FF FF FF FF FF", "1969.12.31T23:59:59.999"],
    ["0D 00 01 00 00 00 00 00 00 00", "00:00:00.000000001"],
    ["0E 00 00 00 65 01 17 10 A6 17", "2024.01.01T00:00:00.000000000"],
    ["0F 00 00 00 C0 3F", "1.5"],
    ["0F 00 CD CC CC 3D", "0.1"],
    ["0F 00 FF FF 7F FF", null],
    ["10 00 00 00 00 00 00 00 F8 3F", "1.5"],
    ["10 00 FF FF FF FF FF FF EF FF", null],
    ["12 00 61 62 00", "ab"],
    ["12 00 00", null],
    ["13 00 87 EE 73 14 D9 B4 35 42 B1 E3 48 CC 78 2A 21 5D", "5d212a78-cc48-e3b1-4235-b4d91473ee87"],
    ["14 00 00 61 64 64 00", "add"],
    ["1C 00 08 39 07 00", "2024.01.01T00"],
    ["1D 00 E0 5D B1 01", "2024.01.01T00:00"],
    ["1E 00 01 00 A8 C0 00 00 00 00 00 00 00 00 00 00 00 00", "192.168.0.1"],
    ["1E 00 01 00 00 00 00 00 00 00 00 00 00 00 B8 0D 01 20", "2001:db8::1"],
    ["20 00 02 00 00 00 61 62", "ab"],
    ["22 00 00 00 00 00 00 00 F0 3F 00 00 00 00 00 00 00 40", "1+2i"],
    ["24 00 03 00 00 00 05 00 00 00", "3H"],
    ["25 00 02 00 00 00 39 30 00 00", "123.45"],
    ["26 00 03 00 00 00 0C FE FF FF FF FF FF FF", "-0.500"],
    [`27 00 01 00 00 00 0A ${"00 ".repeat(15)}`, "1.0"],
    [`27 00 00 00 00 00 ${"00 ".repeat(15)} 80`, null],
  ])("%s is %s", (hex, text) => {
    expect(columnOf(hex).textAt(0)).toBe(text);
  });

  test("wide integers keep all their digits", () => {
    expect(columnOf("05 00 FF FF FF FF FF FF FF 7F").valueAt(0)).toBe(9223372036854775807n);
  });
});

describe("vectors", () => {
  test("nulls stand between values", () => {
    expect(textsOf(columnOf("04 01 03 00 00 00 01 00 00 00 01 00 00 00 00 00 00 80 03 00 00 00"))).toEqual([
      "1",
      null,
      "3",
    ]);
  });

  test("strings end at their zero byte", () => {
    const column = columnOf("12 01 03 00 00 00 01 00 00 00 61 00 00 62 63 00");
    expect(textsOf(column)).toEqual(["a", null, "bc"]);
  });

  test("decimals carry their scale before the elements", () => {
    const column = columnOf("25 01 02 00 00 00 01 00 00 00 02 00 00 00 39 30 00 00 00 00 00 80");
    expect(textsOf(column)).toEqual(["123.45", null]);
    expect(typeName(column.type, column.scale)).toBe("DECIMAL32(2)");
  });

  test("a tuple holds objects of any form", () => {
    const column = columnOf("19 01 02 00 00 00 01 00 00 00 04 00 01 00 00 00 12 00 71 00");
    expect(textsOf(column)).toEqual(["1", "q"]);
    expect(column).toBeInstanceOf(AnyColumn);
    expect(shortText({ form: "vector", column })).toBe("(1, q)");
  });

  test("an empty tuple", () => {
    expect(columnOf("19 01 00 00 00 00 01 00 00 00").rows).toBe(0);
  });

  test("array vectors come in blocks", () => {
    const column = columnOf(
      "44 01 03 00 00 00 04 00 00 00 03 00 01 00 02 01 01 01 00 00 00 02 00 00 00 03 00 00 00 00 00 00 80",
    );
    expect(textsOf(column)).toEqual(["[1,2]", "[3]", "[]"]);
    expect(typeName(column.type, column.scale)).toBe("INT[]");
  });

  test("array vectors of decimals", () => {
    const column = columnOf(
      "65 01 02 00 00 00 03 00 00 00 02 00 00 00 02 00 01 00 02 01 64 00 00 00 C8 00 00 00 2C 01 00 00",
    );
    expect(textsOf(column)).toEqual(["[1.00,2.00]", "[3.00]"]);
    expect(typeName(column.type, column.scale)).toBe("DECIMAL32(2)[]");
  });

  test("a chart is shown as its dictionary", () => {
    const value = decodeObject(
      bytesOf("19 07 12 01 01 00 00 00 01 00 00 00 6B 00 19 01 01 00 00 00 01 00 00 00 04 00 03 00 00 00"),
    );
    expect(value.form).toBe("dictionary");
  });

  test("a pair", () => {
    const value = decodeObject(bytesOf("04 02 02 00 00 00 01 00 00 00 01 00 00 00 02 00 00 00"));
    expect(shortText(value)).toBe("1 : 2");
  });
});

describe("matrices, sets, dictionaries", () => {
  test("a matrix without labels lies by column", () => {
    const value = decodeObject(
      bytesOf("04 03 00 04 03 02 00 00 00 03 00 00 00 01000000 02000000 03000000 04000000 05000000 06000000"),
    );
    expect(value).toMatchObject({ form: "matrix", rows: 2, columns: 3, rowLabels: null, columnLabels: null });
    expect(textsOf((value as Extract<Value, { form: "matrix" }>).column)).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  test("a matrix with labels", () => {
    const value = decodeObject(
      bytesOf(
        "04 03 03 12 01 01 00 00 00 01 00 00 00 72 00 12 01 02 00 00 00 01 00 00 00 78 00 79 00 " +
          "04 03 01 00 00 00 02 00 00 00 01 00 00 00 02 00 00 00",
      ),
    ) as Extract<Value, { form: "matrix" }>;
    expect(value.rowLabels && textsOf(value.rowLabels)).toEqual(["r"]);
    expect(value.columnLabels && textsOf(value.columnLabels)).toEqual(["x", "y"]);
  });

  test("a set", () => {
    const value = decodeObject(bytesOf("04 04 04 01 02 00 00 00 01 00 00 00 01 00 00 00 02 00 00 00"));
    expect(shortText(value)).toBe("set(1, 2)");
  });

  test("dictionaries of one type and of any", () => {
    const one = "04 05 12 01 02 00 00 00 01 00 00 00 61 00 62 00 04 01 02 00 00 00 01 00 00 00 01 00 00 00 02 00 00 00";
    expect(shortText(decodeObject(bytesOf(one)))).toBe("{a: 1, b: 2}");
    const any = "19 05 12 01 01 00 00 00 01 00 00 00 61 00 19 01 01 00 00 00 01 00 00 00 04 00 01 00 00 00";
    expect(shortText(decodeObject(bytesOf(any)))).toBe("{a: 1}");
  });
});

describe("tables", () => {
  const small =
    "00 06 02 00 00 00 02 00 00 00 00 69 64 00 76 00 " +
    "04 01 02 00 00 00 01 00 00 00 01 00 00 00 02 00 00 00 " +
    "10 01 02 00 00 00 01 00 00 00 00 00 00 00 00 00 F8 3F 00 00 00 00 00 00 04 40";

  test("columns by name", () => {
    const table = tableOf(small);
    expect(table.columns.map(({ name, column }) => [name, textsOf(column)])).toEqual([
      ["id", ["1", "2"]],
      ["v", ["1.5", "2.5"]],
    ]);
  });

  test("columns of symbols may share a dictionary", () => {
    const first = "91 01 04000000 01000000 00000000 03000000 00 6100 6200 01000000 02000000 00000000 01000000";
    const second = "91 01 04000000 01000000 00000000 00000000 02000000 02000000 00000000 01000000";
    const table = tableOf(`00 06 04000000 02000000 00 6100 6200 ${first} ${second}`);
    expect(table.columns.map(({ column }) => textsOf(column))).toEqual([
      ["a", "b", null, "a"],
      ["b", "b", null, "a"],
    ]);
  });

  test("a column of another length is refused", () => {
    expect(() => decodeObject(bytesOf(`00 06 03000000 01000000 00 6100 04 01 01000000 01000000 05000000`))).toThrow(
      WireError,
    );
  });

  test("every message that is cut short is refused, whatever it promises", () => {
    const bytes = bytesOf(small);
    for (let size = 0; size < bytes.length; ++size) {
      expect(() => decodeObject(bytes.slice(0, size)), `${size} bytes`).toThrow(WireError);
    }
  });

  test("counts beyond the message are refused before room is made for them", () => {
    expect(() => decodeObject(bytesOf("12 01 FF FF FF 7F 01 00 00 00 61 00"))).toThrow(WireError);
    expect(() => decodeObject(bytesOf("00 06 01 00 00 00 FF FF FF 7F 00"))).toThrow(WireError);
    expect(() => decodeObject(bytesOf("04 01 FF FF FF FF 01 00 00 00"))).toThrow(WireError);
  });

  test("objects inside one another end somewhere", () => {
    const nested = "19 01 01 00 00 00 01 00 00 00 ".repeat(100);
    expect(() => decodeObject(bytesOf(`${nested} 04 00 01 00 00 00`))).toThrow(/64 objects/);
  });

  test("bytes behind the object are refused", () => {
    expect(() => decodeObject(bytesOf("04 00 02 00 00 00 FF"))).toThrow(WireError);
  });
});

describe("messages", () => {
  const encoder = new TextEncoder();
  const textMessage = (text: string) => decodeMessage(encoder.encode(text));

  test("a result", () => {
    const message = decodeMessage(Uint8Array.of(...encoder.encode("17 1 1\nOK\n"), ...bytesOf("04 00 02 00 00 00")));
    expect(message).toMatchObject({ kind: "result", session: "17", rowsInAll: null });
  });

  test("a result of which only the first rows came", () => {
    const message = decodeMessage(
      Uint8Array.of(...encoder.encode("17 1 1 5000\nOK\n"), ...bytesOf("04 00 02 00 00 00")),
    );
    expect(message).toMatchObject({ kind: "result", rowsInAll: 5000 });
  });

  test("a statement without value", () => {
    expect(textMessage("17 0 1\nOK\n")).toEqual({ kind: "result", session: "17", value: null, rowsInAll: null });
  });

  test("an error", () => {
    expect(textMessage("17 0 1\nThe table is gone.\n")).toEqual({
      kind: "error",
      session: "17",
      text: "The table is gone.",
    });
  });

  test("what print() shows", () => {
    expect(textMessage("MSG\nline 1\nline 2\0")).toEqual({ kind: "print", text: "line 1\nline 2" });
  });
});
