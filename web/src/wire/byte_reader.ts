import { WireError } from "./types";

const decoder = new TextDecoder();

/** Walks over the bytes of one message. Every read beyond its end throws a WireError. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Steps over `count` bytes and tells where they began. */
  skip(count: number): number {
    const begin = this.at;
    if (count < 0 || begin + count > this.bytes.length) {
      throw new WireError(`the message ends at byte ${this.bytes.length}, ${count} more were expected at ${begin}`);
    }
    this.at = begin + count;
    return begin;
  }

  u8(): number {
    return this.view.getUint8(this.skip(1));
  }
  u16(): number {
    return this.view.getUint16(this.skip(2), true);
  }
  i32(): number {
    return this.view.getInt32(this.skip(4), true);
  }

  /** A count of things that follow; `bytesEach` is the least that one of them takes. */
  count(bytesEach: number): number {
    const count = this.i32();
    if (count < 0 || count * bytesEach > this.bytes.length - this.at) {
      throw new WireError(`a count of ${count} at byte ${this.at - 4} is more than the message holds`);
    }
    return count;
  }

  /** The text up to the next zero byte, which is stepped over. */
  cstring(): string {
    return this.textUntil(0);
  }
  line(): string {
    return this.textUntil(10);
  }

  private textUntil(end: number): string {
    const begin = this.at;
    const stop = this.bytes.indexOf(end, begin);
    if (stop < 0) throw new WireError(`a text that begins at byte ${begin} does not end`);
    this.at = stop + 1;
    return decoder.decode(this.bytes.subarray(begin, stop));
  }
}

export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
