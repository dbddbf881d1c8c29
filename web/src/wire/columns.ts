// Columns over the bytes of a message: nothing is copied, and a value is read when it is shown.

import { type ByteReader, textOf } from "./byte_reader";
import { cellText, decimalText, durationText, floatText, shortText, temporalText } from "./format";
import { type Cell, type Column, isDecimal, Type, type Value } from "./types";

const floatNull = -3.4028234663852886e38;
const doubleNull = -Number.MAX_VALUE;
const intNull = -0x8000_0000;
const longNull = -(2n ** 63n);
const wideNull = -(2n ** 127n);

type Read = (view: DataView, at: number) => Cell;
interface Kind {
  read: Read;
  text: (value: NonNullable<Cell>, type: number, scale: number) => string;
}

const asIs = (value: NonNullable<Cell>) => String(value);
const temporal = (value: NonNullable<Cell>, type: number) => temporalText(type, value as number | bigint);
const decimal = (value: NonNullable<Cell>, _type: number, scale: number) => decimalText(value as bigint, scale);

function nullable<T extends number | bigint>(value: T, empty: T): T | null {
  return value === empty ? null : value;
}

const readInt: Read = (view, at) => nullable(view.getInt32(at, true), intNull);
const readLong: Read = (view, at) => nullable(view.getBigInt64(at, true), longNull);

function readDouble(view: DataView, at: number): number | null {
  const value = view.getFloat64(at, true);
  return value === doubleNull || Number.isNaN(value) ? null : value;
}

function hexOf(view: DataView, at: number): string {
  let hex = "";
  for (let i = 15; i >= 0; --i)
    hex += view
      .getUint8(at + i)
      .toString(16)
      .padStart(2, "0");
  return hex;
}

function readHex(view: DataView, at: number): string | null {
  const hex = hexOf(view, at);
  return /^0+$/.test(hex) ? null : hex;
}

function uuidText(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** IPv4 addresses use the lowest four bytes only; the longest run of zeros of an IPv6 address is left out. */
function addressText(hex: string): string {
  const groups = hex.match(/.{4}/g) ?? [];
  if (hex.startsWith("0".repeat(24))) {
    const bytes = hex.slice(24).match(/.{2}/g) ?? [];
    return bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
  }
  const text = groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":");
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const run = runs[0];
  if (run === undefined) return text;
  const before = text.slice(0, run.index);
  const after = text.slice(run.index + run[0].length).replace(/^:/, "");
  return `${before}::${after}`;
}

function readPair(view: DataView, at: number): Cell {
  const first = readDouble(view, at);
  const second = readDouble(view, at + 8);
  return first === null && second === null ? null : [first, second];
}

function complexText(value: NonNullable<Cell>): string {
  const [real, imaginary] = value as readonly [number | null, number | null];
  const sign = (imaginary ?? 0) < 0 ? "-" : "+";
  return `${real ?? 0}${sign}${Math.abs(imaginary ?? 0)}i`;
}

function pointText(value: NonNullable<Cell>): string {
  return `(${(value as readonly Cell[]).map((part) => cellText(part)).join(", ")})`;
}

function readDuration(view: DataView, at: number): Cell {
  const count = view.getInt32(at, true);
  return count === intNull ? null : durationText(count, view.getInt32(at + 4, true));
}

function readWide(view: DataView, at: number): Cell {
  const low = view.getBigUint64(at, true);
  return nullable((view.getBigInt64(at + 8, true) << 64n) | low, wideNull);
}

function readNarrowDecimal(view: DataView, at: number): Cell {
  const value = view.getInt32(at, true);
  return value === intNull ? null : BigInt(value);
}

function charText(value: NonNullable<Cell>): string {
  const code = value as number;
  return code >= 32 && code < 127 ? `'${String.fromCharCode(code)}'` : String(code);
}

function readBool(view: DataView, at: number): Cell {
  const byte = view.getInt8(at);
  return byte === -128 ? null : byte !== 0;
}

function readFloat(view: DataView, at: number): Cell {
  const value = view.getFloat32(at, true);
  return value === floatNull || Number.isNaN(value) ? null : value;
}

const kinds = new Map<number, Kind>([
  [Type.bool, { read: readBool, text: asIs }],
  [Type.char, { read: (view, at) => nullable(view.getInt8(at), -128), text: charText }],
  [Type.short, { read: (view, at) => nullable(view.getInt16(at, true), -0x8000), text: asIs }],
  [Type.int, { read: readInt, text: asIs }],
  [Type.long, { read: readLong, text: asIs }],
  [Type.float, { read: readFloat, text: (value) => floatText(value as number) }],
  [Type.double, { read: readDouble, text: asIs }],
  [Type.uuid, { read: readHex, text: (value) => uuidText(value as string) }],
  [Type.int128, { read: readHex, text: asIs }],
  [Type.ipaddr, { read: readHex, text: (value) => addressText(value as string) }],
  [Type.complex, { read: readPair, text: complexText }],
  [Type.point, { read: readPair, text: pointText }],
  [Type.duration, { read: readDuration, text: asIs }],
  [Type.decimal32, { read: readNarrowDecimal, text: decimal }],
  [Type.decimal64, { read: readLong, text: decimal }],
  [Type.decimal128, { read: readWide, text: decimal }],
]);
for (const type of [
  Type.date,
  Type.month,
  Type.time,
  Type.minute,
  Type.second,
  Type.datetime,
  Type.datehour,
  Type.dateminute,
]) {
  kinds.set(type, { read: readInt, text: temporal });
}
for (const type of [Type.timestamp, Type.nanotime, Type.nanotimestamp]) {
  kinds.set(type, { read: readLong, text: temporal });
}

function kindOf(type: number): Kind {
  return kinds.get(type) ?? { read: () => null, text: asIs };
}

/** Elements of equal width that lie one after another. */
export class FixedColumn implements Column {
  private readonly kind: Kind;

  constructor(
    private readonly view: DataView,
    private readonly begin: number,
    readonly type: number,
    readonly rows: number,
    private readonly width: number,
    readonly scale: number,
  ) {
    this.kind = kindOf(type);
  }

  valueAt(row: number): Cell {
    return this.kind.read(this.view, this.begin + row * this.width);
  }
  textAt(row: number): string | null {
    const value = this.valueAt(row);
    return value === null ? null : this.kind.text(value, this.type, this.scale);
  }
}

/** Zero-terminated texts (or, for BLOB, counted bytes) of which only the places are known until they are read. */
export class TextColumn implements Column {
  readonly scale = 0;

  /** `places`: begin and end of every element in `bytes`. */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly places: Uint32Array,
    readonly type: number,
  ) {}

  get rows(): number {
    return this.places.length / 2;
  }
  valueAt(row: number): string | null {
    const begin = this.places[2 * row] ?? 0;
    const end = this.places[2 * row + 1] ?? 0;
    return begin === end ? null : textOf(this.bytes.subarray(begin, end));
  }
  textAt(row: number): string | null {
    return this.valueAt(row);
  }
}

/** SYMBOL: a dictionary of texts and a code for each row. Code 0 is null. */
export class SymbolColumn implements Column {
  readonly type = Type.symbol;
  readonly scale = 0;

  constructor(
    private readonly base: readonly string[],
    private readonly view: DataView,
    private readonly begin: number,
    readonly rows: number,
  ) {}

  valueAt(row: number): string | null {
    return this.base[this.view.getInt32(this.begin + 4 * row, true)] || null;
  }
  textAt(row: number): string | null {
    return this.valueAt(row);
  }
}

/** A vector of arrays: the elements of all rows in one column, and where each row begins. */
export class ArrayColumn implements Column {
  constructor(
    readonly type: number,
    private readonly elements: readonly { readonly column: Column; readonly begin: number; readonly end: number }[],
    readonly scale: number,
  ) {}

  get rows(): number {
    return this.elements.length;
  }
  valueAt(row: number): Cell {
    return this.each(row, (column, index) => column.valueAt(index));
  }
  textAt(row: number): string {
    return `[${this.each(row, (column, index) => column.textAt(index) ?? "").join(",")}]`;
  }

  private each<T>(row: number, take: (column: Column, index: number) => T): T[] {
    const place = this.elements[row];
    if (place === undefined) return [];
    return Array.from({ length: place.end - place.begin }, (_, i) => take(place.column, place.begin + i));
  }
}

/** Values of any kind, already decoded. */
export class AnyColumn implements Column {
  readonly type = Type.any;
  readonly scale = 0;

  constructor(private readonly values: readonly Value[]) {}

  get rows(): number {
    return this.values.length;
  }
  valueAt(row: number): Cell {
    const value = this.values[row];
    if (value === undefined) return null;
    return value.form === "scalar" ? value.column.valueAt(0) : value;
  }
  textAt(row: number): string | null {
    const value = this.values[row];
    if (value === undefined) return null;
    return value.form === "scalar" ? value.column.textAt(0) : shortText(value);
  }
  element(row: number): Value | undefined {
    return this.values[row];
  }
}

/** Nulls without bytes. */
export class VoidColumn implements Column {
  readonly type = Type.void;
  readonly scale = 0;

  constructor(readonly rows: number) {}

  valueAt(): null {
    return null;
  }
  textAt(): null {
    return null;
  }
}

/** Reads the places of `rows` zero-terminated texts. */
export function readTextPlaces(reader: ByteReader, rows: number): Uint32Array {
  const places = new Uint32Array(2 * rows);
  for (let row = 0; row < rows; ++row) {
    const begin = reader.at;
    const end = reader.bytes.indexOf(0, begin);
    reader.skip((end < 0 ? reader.bytes.length : end) - begin + 1);
    places[2 * row] = begin;
    places[2 * row + 1] = end;
  }
  return places;
}

export function readBlobPlaces(reader: ByteReader, rows: number): Uint32Array {
  const places = new Uint32Array(2 * rows);
  for (let row = 0; row < rows; ++row) {
    const size = reader.count(1);
    places[2 * row] = reader.skip(size);
    places[2 * row + 1] = reader.at;
  }
  return places;
}

/** Whether a scale stands before the elements. */
export function hasScale(type: number): boolean {
  return isDecimal(type > 64 && type < 145 ? type - 64 : type);
}
