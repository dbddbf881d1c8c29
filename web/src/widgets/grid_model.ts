// Every value that has more than one element, as rows and columns of text.

import { type Column, isNumeric, Type, typeName, type Value } from "../wire/types";

export interface GridColumn {
  readonly title: string;
  /** Shown below the title; "" where it would say nothing. */
  readonly type: string;
  readonly alignRight: boolean;
  /** Null: a null value. */
  readonly textAt: (row: number) => string | null;
  /** Null strings are shown as what they are: nothing. */
  readonly nullText: boolean;
}

export interface GridModel {
  readonly rows: number;
  readonly columns: readonly GridColumn[];
  /** Labels of the rows; their numbers where there are none. */
  readonly rowLabel: (row: number) => string;
}

export interface GridWords {
  readonly key: string;
  readonly value: string;
}

function isText(type: number): boolean {
  return type === Type.string || type === Type.symbol || type === Type.blob;
}

function columnOf(title: string, column: Column): GridColumn {
  return {
    title,
    type: typeName(column.type, column.scale),
    alignRight: isNumeric(column.type),
    textAt: (row) => column.textAt(row),
    nullText: !isText(column.type),
  };
}

const numbered = (row: number) => String(row);

function matrixGrid(value: Extract<Value, { form: "matrix" }>): GridModel {
  const { column, rows, rowLabels, columnLabels } = value;
  const columns = Array.from({ length: value.columns }, (_, index) => ({
    title: columnLabels?.textAt(index) ?? String(index),
    type: "",
    alignRight: isNumeric(column.type),
    textAt: (row: number) => column.textAt(index * rows + row),
    nullText: !isText(column.type),
  }));
  return { rows, columns, rowLabel: (row) => rowLabels?.textAt(row) ?? String(row) };
}

/** Null for scalars and pairs, which need no grid. */
export function gridOf(value: Value, words: GridWords): GridModel | null {
  switch (value.form) {
    case "scalar":
    case "pair":
      return null;
    case "vector":
    case "set":
      return { rows: value.column.rows, columns: [columnOf(words.value, value.column)], rowLabel: numbered };
    case "dictionary": {
      const columns = [columnOf(words.key, value.keys), columnOf(words.value, value.values)];
      return { rows: value.keys.rows, columns, rowLabel: numbered };
    }
    case "matrix":
      return matrixGrid(value);
    case "table":
      return {
        rows: value.rows,
        columns: value.columns.map(({ name, column }) => columnOf(name, column)),
        rowLabel: numbered,
      };
  }
}

function csvField(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Comma-separated with a header line; nulls are empty. */
export function csvOf(grid: GridModel): string {
  const lines = [grid.columns.map((column) => csvField(column.title)).join(",")];
  for (let row = 0; row < grid.rows; ++row) {
    lines.push(grid.columns.map((column) => csvField(column.textAt(row) ?? "")).join(","));
  }
  return `${lines.join("\n")}\n`;
}
