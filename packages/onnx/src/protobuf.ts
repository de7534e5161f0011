/**
 * Protocol buffers, the part that writing an ONNX file needs: varints, floats and length-delimited fields
 * (protobuf.dev/programming-guides/encoding).
 */

const VARINT = 0;
const DELIMITED = 2;
const FIXED32 = 5;

/** A message under construction. Each method appends one field and gives the message back. */
export class Message {
  readonly #parts: Uint8Array[] = [];

  /** A whole number; negative ones take ten bytes, as int64 does. */
  integer(field: number, number: number | bigint): this {
    this.#varint(BigInt(field * 8 + VARINT));
    this.#varint(BigInt(number));
    return this;
  }

  float(field: number, number: number): this {
    this.#varint(BigInt(field * 8 + FIXED32));
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, number, true);
    this.#parts.push(bytes);
    return this;
  }

  /** Bytes, text or an inner message. */
  field(field: number, content: Uint8Array | string | Message): this {
    const bytes =
      content instanceof Message
        ? content.bytes()
        : typeof content === 'string'
          ? new TextEncoder().encode(content)
          : content;
    this.#varint(BigInt(field * 8 + DELIMITED));
    this.#varint(BigInt(bytes.length));
    this.#parts.push(bytes);
    return this;
  }

  bytes(): Uint8Array {
    const result = new Uint8Array(this.#parts.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      result.set(part, at);
      at += part.length;
    }
    return result;
  }

  /** Seven bits a byte, the lowest first; the eighth bit says that more follow. */
  #varint(number: bigint): void {
    let rest = BigInt.asUintN(64, number);
    const bytes: number[] = [];
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.#parts.push(Uint8Array.from(bytes));
  }
}
