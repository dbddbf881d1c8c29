// Requests to bytes (docs/protocol/native.md §2). The page sends few kinds of arguments.

import { Form, Type } from "./types";

export type Argument = string | boolean | number | readonly string[];

const encoder = new TextEncoder();

function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

/** A text ends at its first zero byte on the wire, so it may hold none. */
function cstring(text: string): Uint8Array {
  return encoder.encode(`${text.replaceAll("\0", " ")}\0`);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Numbers are sent as INT. */
export function encodeArgument(argument: Argument): Uint8Array {
  if (typeof argument === "string") return joined([Uint8Array.of(Type.string, Form.scalar), cstring(argument)]);
  if (typeof argument === "boolean") return Uint8Array.of(Type.bool, Form.scalar, argument ? 1 : 0);
  if (typeof argument === "number") return joined([Uint8Array.of(Type.int, Form.scalar), int32(argument)]);
  const head = [Uint8Array.of(Type.string, Form.vector), int32(argument.length), int32(1)];
  return joined([...head, ...argument.map(cstring)]);
}

export interface RequestOptions {
  /** Answered on reserved threads, also while the node's workers are all busy. */
  readonly urgent?: boolean;
  /** A longer table is answered with this many rows, and with how many there are in all. */
  readonly rowsMax?: number;
}

function requestBytes(session: string, body: string, args: readonly Argument[], options: RequestOptions) {
  const bytes = encoder.encode(body);
  const rowsMax = options.rowsMax === undefined ? "" : `______rows=${options.rowsMax}`;
  const properties = `${options.urgent ? "1_1_8_64" : "0_1_4_64"}${rowsMax}`;
  const head = encoder.encode(`API2 ${session} ${bytes.length} / ${properties}\n`);
  return joined([head, bytes, ...args.map(encodeArgument)]);
}

export function connectRequest(): Uint8Array<ArrayBuffer> {
  return requestBytes("0", "connect\n", [], {});
}
export function scriptRequest(session: string, script: string, options: RequestOptions): Uint8Array<ArrayBuffer> {
  return requestBytes(session, `script\n${script}`, [], options);
}
export function functionRequest(session: string, name: string, args: readonly Argument[], options: RequestOptions) {
  return requestBytes(session, `function\n${name}\n${args.length}\n1\n`, args, options);
}
