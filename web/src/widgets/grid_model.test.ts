import { expect, test } from "vitest";
import { FixedColumn, TextColumn } from "../wire/columns";
import { Type, type Value } from "../wire/types";
import { csvOf, gridOf } from "./grid_model";

const words = { key: "key", value: "value" };

function ints(...values: number[]): FixedColumn {
  return new FixedColumn(new DataView(Int32Array.from(values).buffer), 0, Type.int, values.length, 4, 0);
}

function texts(...values: string[]): TextColumn {
  const bytes = new TextEncoder().encode(values.join("\0"));
  const places: number[] = [];
  let at = 0;
  for (const value of values) {
    places.push(at, at + value.length);
    at += value.length + 1;
  }
  return new TextColumn(bytes, Uint32Array.from(places), Type.string);
}

const table: Value = {
  form: "table",
  name: "",
  rows: 2,
  columns: [
    { name: "id", column: ints(1, -0x8000_0000) },
    { name: "name", column: texts('a "b", c', "") },
  ],
};

test("headers carry types, numbers stand at the right, null texts are empty", () => {
  const grid = gridOf(table, words);
  expect(grid?.columns.map(({ title, type, alignRight, nullText }) => [title, type, alignRight, nullText])).toEqual([
    ["id", "INT", true, true],
    ["name", "STRING", false, false],
  ]);
});

test("CSV quotes what needs it and leaves nulls empty", () => {
  const grid = gridOf(table, words);
  expect(grid && csvOf(grid)).toBe('id,name\n1,"a ""b"", c"\n,\n');
});

test("a matrix is shown by its labels", () => {
  const column = ints(1, 2, 3, 4);
  const grid = gridOf(
    { form: "matrix", column, rows: 2, columns: 2, rowLabels: texts("r", "s"), columnLabels: null },
    words,
  );
  expect(grid?.columns.map(({ title, textAt }) => [title, textAt(0), textAt(1)])).toEqual([
    ["0", "1", "2"],
    ["1", "3", "4"],
  ]);
  expect(grid?.rowLabel(1)).toBe("s");
});

test("a dictionary is two columns", () => {
  const grid = gridOf({ form: "dictionary", keys: texts("a"), values: ints(7) }, words);
  expect(grid?.columns.map(({ title, textAt }) => [title, textAt(0)])).toEqual([
    ["key", "a"],
    ["value", "7"],
  ]);
});

test("single values need no grid", () => {
  expect(gridOf({ form: "scalar", column: ints(1) }, words)).toBeNull();
});
