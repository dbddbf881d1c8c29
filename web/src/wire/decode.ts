// Objects and responses from bytes (docs/protocol/native.md §3 and §6).

import { ByteReader } from "./byte_reader";
import {
  AnyColumn,
  ArrayColumn,
  FixedColumn,
  hasScale,
  readBlobPlaces,
  readTextPlaces,
  SymbolColumn,
  TextColumn,
  VoidColumn,
} from "./columns";
import { arrayOffset, type Column, Form, type MatrixValue, Type, type Value, WireError, widthOf } from "./types";

const depthMax = 64;

/** Reads the objects of one message. Dictionaries of symbols are shared between the columns of one table. */
class ObjectDecoder {
  private depth = 0;
  private bases = new Map<number, string[]>();

  constructor(private readonly reader: ByteReader) {}

  object(): Value {
    if (++this.depth > depthMax) throw new WireError(`more than ${depthMax} objects inside one another`);
    const type = this.reader.u8();
    const form = this.reader.u8();
    const value = this.body(type, form);
    --this.depth;
    return value;
  }

  private body(type: number, form: number): Value {
    switch (form) {
      case Form.scalar:
        return { form: "scalar", column: this.scalar(type) };
      case Form.vector:
        return { form: "vector", column: this.vectorBody(type) };
      case Form.pair:
        return { form: "pair", column: this.vectorBody(type) };
      case Form.matrix:
        return this.matrix(type);
      case Form.set:
        return { form: "set", column: this.vector() };
      case Form.dictionary:
      case Form.chart:
        return { form: "dictionary", keys: this.vector(), values: this.vector() };
      case Form.table:
        return this.table();
      default:
        throw new WireError(`unknown form ${form} at byte ${this.reader.at - 1}`);
    }
  }

  private scalar(type: number): Column {
    if (type === Type.void) {
      this.reader.u8();
      return new VoidColumn(1);
    }
    if (type === Type.any) return new AnyColumn([this.object()]);
    if (type === Type.functiondef) this.reader.u8();
    const scale = hasScale(type) ? this.reader.i32() : 0;
    return this.elements(type, 1, scale);
  }

  private vector(): Column {
    const value = this.object();
    if (value.form !== "vector") throw new WireError(`a ${value.form} stands where a vector must be`);
    return value.column;
  }

  private vectorBody(type: number): Column {
    if (type === Type.symbolWithBase) return this.symbols();
    const rows = this.reader.i32();
    this.reader.i32();
    if (rows < 0) throw new WireError(`a vector of ${rows} rows`);
    const scale = hasScale(type) ? this.reader.i32() : 0;
    if (type > arrayOffset) return this.arrays(type, rows, scale);
    return this.elements(type, rows, scale);
  }

  private elements(type: number, rows: number, scale: number): Column {
    const { reader } = this;
    const width = widthOf(type);
    if (width > 0) {
      const begin = reader.skip(rows * width);
      return new FixedColumn(reader.view, begin, type, rows, width, scale);
    }
    if (type === Type.void) return new VoidColumn(rows);
    if (type === Type.any) return this.anys(rows);
    if (type === Type.blob) return new TextColumn(reader.bytes, readBlobPlaces(reader, this.believed(rows, 4)), type);
    if (type >= Type.symbol && type <= Type.resource) {
      return new TextColumn(reader.bytes, readTextPlaces(reader, this.believed(rows, 1)), type);
    }
    throw new WireError(`unknown type ${type} before byte ${reader.at}`);
  }

  /** A count, after a look at whether the message can hold as much. */
  private believed(rows: number, bytesEach: number): number {
    const left = this.reader.bytes.length - this.reader.at;
    if (rows * bytesEach > left) throw new WireError(`${rows} elements do not fit the ${left} bytes left`);
    return rows;
  }

  private anys(rows: number): Column {
    const values: Value[] = [];
    this.believed(rows, 2);
    while (values.length < rows) values.push(this.object());
    return new AnyColumn(values);
  }

  private symbols(): Column {
    const { reader } = this;
    const rows = reader.i32();
    reader.i32();
    const id = reader.i32();
    const size = reader.count(1);
    if (size > 0) {
      this.bases.set(
        id,
        Array.from({ length: size }, () => reader.cstring()),
      );
    }
    const base = this.bases.get(id) ?? [];
    const begin = reader.skip(4 * rows);
    return new SymbolColumn(base, reader.view, begin, rows);
  }

  private arrays(type: number, rows: number, scale: number): Column {
    const { reader } = this;
    const places: { column: Column; begin: number; end: number }[] = [];
    while (places.length < rows) {
      const rowsHere = reader.u16();
      const countWidth = reader.u8();
      reader.u8();
      if (rowsHere === 0 || ![1, 2, 4].includes(countWidth)) {
        throw new WireError(`a block of arrays with ${rowsHere} rows, counts of ${countWidth} bytes`);
      }
      const counts = this.counts(rowsHere, countWidth);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const column = this.elements(type - arrayOffset, total, scale);
      let begin = 0;
      for (const count of counts) {
        places.push({ column, begin, end: begin + count });
        begin += count;
      }
    }
    return new ArrayColumn(type, places, scale);
  }

  private counts(rows: number, width: number): number[] {
    const { view } = this.reader;
    const begin = this.reader.skip(rows * width);
    const read = (at: number) => {
      if (width === 1) return view.getUint8(at);
      return width === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
    };
    return Array.from({ length: rows }, (_, row) => read(begin + row * width));
  }

  private matrix(outerType: number): MatrixValue {
    const { reader } = this;
    const labels = reader.u8();
    const rowLabels = labels & 1 ? this.vector() : null;
    const columnLabels = labels & 2 ? this.vector() : null;
    const type = reader.u8();
    const form = reader.u8();
    if (form !== Form.matrix || type !== outerType) {
      throw new WireError(`a matrix of type ${outerType} goes on as type ${type} in form ${form}`);
    }
    const rows = reader.i32();
    const columns = reader.i32();
    if (rows < 0 || columns < 0) throw new WireError(`a matrix of ${rows} by ${columns}`);
    const scale = hasScale(type) ? reader.i32() : 0;
    return {
      form: "matrix",
      column: this.elements(type, rows * columns, scale),
      rows,
      columns,
      rowLabels,
      columnLabels,
    };
  }

  private table(): Value {
    const { reader } = this;
    const rows = reader.i32();
    const count = reader.count(1);
    const name = reader.cstring();
    const names = Array.from({ length: count }, () => reader.cstring());
    const outer = this.bases;
    this.bases = new Map();
    const columns = names.map((columnName) => ({ name: columnName, column: this.vector() }));
    this.bases = outer;
    const uneven = columns.find(({ column }) => column.rows !== rows);
    if (uneven !== undefined) {
      throw new WireError(`column ${uneven.name} has ${uneven.column.rows} rows, its table ${rows}`);
    }
    return { form: "table", name, rows, columns };
  }
}

export function decodeObject(bytes: Uint8Array): Value {
  const reader = new ByteReader(bytes);
  const value = new ObjectDecoder(reader).object();
  if (reader.at !== bytes.length) throw new WireError(`${bytes.length - reader.at} bytes follow the object`);
  return value;
}

export type Message =
  | { readonly kind: "print"; readonly text: string }
  | { readonly kind: "error"; readonly session: string; readonly text: string }
  | {
      readonly kind: "result";
      readonly session: string;
      readonly value: Value | null;
      readonly rowsInAll: number | null;
    };

const printMark = "MSG";

/** One WebSocket message: what print() shows, an error, or a result. */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new ByteReader(bytes);
  const head = reader.line();
  if (head === printMark) return { kind: "print", text: reader.cstring() };
  const [session = "", objects = "0", , rowsInAll] = head.split(" ");
  const status = reader.line();
  if (status !== "OK") return { kind: "error", session, text: status };
  const value = objects === "0" ? null : decodeObject(bytes.subarray(reader.at));
  return { kind: "result", session, value, rowsInAll: rowsInAll === undefined ? null : Number(rowsInAll) };
}
