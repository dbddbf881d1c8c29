// Types and forms of the native protocol (docs/protocol/native.md §6).

export const Form = {
  scalar: 0,
  vector: 1,
  pair: 2,
  matrix: 3,
  set: 4,
  dictionary: 5,
  table: 6,
  /** What plot() gives: a dictionary that may be drawn. */
  chart: 7,
} as const;

export const Type = {
  void: 0,
  bool: 1,
  char: 2,
  short: 3,
  int: 4,
  long: 5,
  date: 6,
  month: 7,
  time: 8,
  minute: 9,
  second: 10,
  datetime: 11,
  timestamp: 12,
  nanotime: 13,
  nanotimestamp: 14,
  float: 15,
  double: 16,
  symbol: 17,
  string: 18,
  uuid: 19,
  functiondef: 20,
  handle: 21,
  code: 22,
  datasource: 23,
  resource: 24,
  any: 25,
  datehour: 28,
  dateminute: 29,
  ipaddr: 30,
  int128: 31,
  blob: 32,
  complex: 34,
  point: 35,
  duration: 36,
  decimal32: 37,
  decimal64: 38,
  decimal128: 39,
  /** A SYMBOL vector that carries its dictionary. */
  symbolWithBase: 145,
} as const;

/** 64 + t is a vector of arrays of t. */
export const arrayOffset = 64;

const names = new Map<number, string>(Object.entries(Type).map(([name, code]) => [code, name.toUpperCase()]));
names.set(Type.symbolWithBase, "SYMBOL");

/** As the script language writes it: "INT", "DECIMAL64(2)", "DOUBLE[]". */
export function typeName(type: number, scale = 0): string {
  if (type > arrayOffset && type < Type.symbolWithBase) return `${typeName(type - arrayOffset, scale)}[]`;
  const name = names.get(type) ?? `type ${type}`;
  return isDecimal(type) ? `${name}(${scale})` : name;
}

export function isDecimal(type: number): boolean {
  return type >= Type.decimal32 && type <= Type.decimal128;
}

/** Numbers stand at the right of their column. */
export function isNumeric(type: number): boolean {
  return (type >= Type.char && type <= Type.long) || type === Type.float || type === Type.double || isDecimal(type);
}

/** Bytes of one element; 0 where elements differ in length or are objects. */
export function widthOf(type: number): number {
  switch (type) {
    case Type.bool:
    case Type.char:
      return 1;
    case Type.short:
      return 2;
    case Type.int:
    case Type.date:
    case Type.month:
    case Type.time:
    case Type.minute:
    case Type.second:
    case Type.datetime:
    case Type.float:
    case Type.datehour:
    case Type.dateminute:
    case Type.decimal32:
      return 4;
    case Type.long:
    case Type.timestamp:
    case Type.nanotime:
    case Type.nanotimestamp:
    case Type.double:
    case Type.duration:
    case Type.decimal64:
      return 8;
    case Type.uuid:
    case Type.ipaddr:
    case Type.int128:
    case Type.complex:
    case Type.point:
    case Type.decimal128:
      return 16;
    default:
      return 0;
  }
}

/** One value of a column. Long and wide integers are bigint; temporal values are numbers in the unit of their type. */
export type Cell = null | boolean | number | bigint | string | Value | readonly Cell[];

/** Values of one type, read from the message when they are asked for. */
export interface Column {
  readonly type: number;
  readonly scale: number;
  readonly rows: number;
  valueAt(row: number): Cell;
  /** As the script language prints it; null for nulls. */
  textAt(row: number): string | null;
}

export interface ScalarValue {
  readonly form: "scalar";
  /** One row. */
  readonly column: Column;
}
export interface VectorValue {
  readonly form: "vector" | "pair" | "set";
  readonly column: Column;
}
export interface MatrixValue {
  readonly form: "matrix";
  readonly column: Column;
  readonly rows: number;
  readonly columns: number;
  readonly rowLabels: Column | null;
  readonly columnLabels: Column | null;
}
export interface DictionaryValue {
  readonly form: "dictionary";
  readonly keys: Column;
  readonly values: Column;
}
export interface TableValue {
  readonly form: "table";
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly column: Column }[];
}
export type Value = ScalarValue | VectorValue | MatrixValue | DictionaryValue | TableValue;

/** Bytes that are not what the protocol says: a fault of one of the two ends, never of the user. */
export class WireError extends Error {}
