// Values as the script language prints them.

import { type Cell, type Column, Type, typeName, type Value } from "./types";

const msOfDay = 86_400_000;
const nanosOfSecond = 1_000_000_000n;
const nanosOfDay = 86_400n * nanosOfSecond;

function padded(value: number | bigint, digits: number): string {
  return String(value).padStart(digits, "0");
}

/** Days since 1970; the calendar has no zone. */
function dateText(days: number): string {
  const date = new Date(days * msOfDay);
  if (Number.isNaN(date.getTime())) return `day ${days}`;
  return `${padded(date.getUTCFullYear(), 4)}.${padded(date.getUTCMonth() + 1, 2)}.${padded(date.getUTCDate(), 2)}`;
}

function clockText(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => padded(part, 2)).join(":");
}

function millisecondsText(ms: number): string {
  return `${clockText(Math.floor(ms / 1000))}.${padded(ms % 1000, 3)}`;
}

function nanosecondsText(ns: bigint): string {
  return `${clockText(Number(ns / nanosOfSecond))}.${padded(ns % nanosOfSecond, 9)}`;
}

/** Quotient and remainder that round to the past, also before 1970. */
function split(value: bigint, unit: bigint): [bigint, bigint] {
  const rest = ((value % unit) + unit) % unit;
  return [(value - rest) / unit, rest];
}

function dayAndRest(value: number, unitsOfDay: number): [string, number] {
  const days = Math.floor(value / unitsOfDay);
  return [dateText(days), value - days * unitsOfDay];
}

function timestampText(ms: bigint): string {
  const [days, rest] = split(ms, BigInt(msOfDay));
  return `${dateText(Number(days))}T${millisecondsText(Number(rest))}`;
}

function nanotimestampText(ns: bigint): string {
  const [days, rest] = split(ns, nanosOfDay);
  return `${dateText(Number(days))}T${nanosecondsText(rest)}`;
}

function dateAndHour(hours: number): string {
  const [date, hour] = dayAndRest(hours, 24);
  return `${date}T${padded(hour, 2)}`;
}

function dateAndMinute(minutes: number): string {
  const [date, minute] = dayAndRest(minutes, 1440);
  return `${date}T${padded(Math.floor(minute / 60), 2)}:${padded(minute % 60, 2)}`;
}

function dateAndSecond(seconds: number): string {
  const [date, second] = dayAndRest(seconds, 86_400);
  return `${date}T${clockText(second)}`;
}

export function temporalText(type: number, value: number | bigint): string {
  const number = Number(value);
  switch (type) {
    case Type.date:
      return dateText(number);
    case Type.month:
      return `${padded(Math.floor(number / 12), 4)}.${padded((number % 12) + 1, 2)}M`;
    case Type.time:
      return millisecondsText(number);
    case Type.minute:
      return `${padded(Math.floor(number / 60), 2)}:${padded(number % 60, 2)}m`;
    case Type.second:
      return clockText(number);
    case Type.datetime:
      return dateAndSecond(number);
    case Type.datehour:
      return dateAndHour(number);
    case Type.dateminute:
      return dateAndMinute(number);
    case Type.timestamp:
      return timestampText(BigInt(value));
    case Type.nanotime:
      return nanosecondsText(BigInt(value));
    case Type.nanotimestamp:
      return nanotimestampText(BigInt(value));
    default:
      return String(value);
  }
}

export function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return String(unscaled);
  const sign = unscaled < 0n ? "-" : "";
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** FLOAT carries about seven digits; more would be noise of the conversion. */
export function floatText(value: number): string {
  return String(Number(value.toPrecision(7)));
}

const durationUnits = ["ns", "us", "ms", "s", "m", "H", "d", "w", "M", "y", "B"];

/** `unit`: an index of the table above, or the four letters of a trading calendar. */
export function durationText(count: number, unit: number): string {
  const known = durationUnits[unit];
  if (known !== undefined) return `${count}${known}`;
  const letters = [24, 16, 8, 0].map((shift) => String.fromCharCode((unit >> shift) & 0xff));
  return `${count}${letters.join("")}`;
}

export function cellText(cell: Cell): string {
  if (cell === null) return "";
  if (Array.isArray(cell)) return `[${cell.map((item) => cellText(item as Cell)).join(",")}]`;
  return typeof cell === "object" ? shortText(cell as Value) : String(cell);
}

/** As a script would write it: strings in quotes. */
function elementText(column: Column, row: number): string {
  const text = column.textAt(row);
  if (text === null) return "";
  return column.type === Type.string || column.type === Type.symbol ? JSON.stringify(text) : text;
}

const shownElements = 20;

function listText(column: Column): string {
  const shown = Array.from({ length: Math.min(column.rows, shownElements) }, (_, row) => elementText(column, row));
  if (column.rows > shownElements) shown.push("…");
  return shown.join(", ");
}

function dictionaryText(keys: Column, values: Column): string {
  const count = Math.min(keys.rows, shownElements);
  const entries = Array.from({ length: count }, (_, row) => `${keys.textAt(row) ?? ""}: ${elementText(values, row)}`);
  if (keys.rows > count) entries.push("…");
  return `{${entries.join(", ")}}`;
}

/** A value in one line; large ones in part. */
export function shortText(value: Value): string {
  switch (value.form) {
    case "scalar":
      return value.column.textAt(0) ?? "NULL";
    case "pair":
      return `${elementText(value.column, 0)} : ${elementText(value.column, 1)}`;
    case "vector":
      return value.column.type === Type.any ? `(${listText(value.column)})` : `[${listText(value.column)}]`;
    case "set":
      return `set(${listText(value.column)})`;
    case "matrix":
      return `${typeName(value.column.type, value.column.scale)} matrix ${value.rows}×${value.columns}`;
    case "dictionary":
      return dictionaryText(value.keys, value.values);
    case "table":
      return `table ${value.rows}×${value.columns.length}`;
  }
}
