/**
 * TensorBoard's event files: TFRecord framing (length and data, each with a masked CRC-32C) around `Event` messages
 * (tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto). Scalars alone: no graphs, no histograms.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileError, writeFileAtomic } from '@llama-xr/core';
import type { LoggedEvent } from './run-log.ts';

/**
 * A run's events as scalars. It is written anew from the log when a run starts or goes on, and appended to from then on,
 * so that it holds no step twice.
 */
export class TensorboardFile {
  readonly #path: string;

  /** @throws LlamaXrError FILE_* naming the path. */
  constructor(path: string, logged: readonly LoggedEvent[]) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    const began = logged[0] === undefined ? Date.now() : Date.parse(logged[0].at);
    const version = Buffer.concat([double(1, began / 1000), delimited(3, 'brain.Event:2')]);
    writeFileAtomic(path, Buffer.concat([record(version), ...logged.map(scalarRecord)]));
  }

  append(event: LoggedEvent): void {
    try {
      appendFileSync(this.#path, scalarRecord(event));
    } catch (error) {
      throw fileError(error, this.#path);
    }
  }
}

/** What is drawn of an event, by tag. */
function scalarsOf(event: LoggedEvent): Record<string, number | undefined> {
  if (event.type === 'step')
    return {
      'train/loss': event.loss,
      'train/learning_rate': event.rate,
      'train/gradient_norm': event.gradientNorm,
      'train/tokens_per_second': event.tokensPerSecond,
    };
  if (event.type !== 'validation') return {};
  // The last look is on all of val: no point of the curve of the others.
  const place = event.kept === undefined ? 'val' : 'val_at_the_end';
  return { [`${place}/loss`]: event.loss, [`${place}/grounding_gap`]: event.groundingGap };
}

/** Nothing for events without scalars. */
function scalarRecord(event: LoggedEvent): Uint8Array {
  const values = Object.entries(scalarsOf(event)).flatMap(([tag, value]) =>
    value === undefined ? [] : [delimited(1, delimited(1, tag), float(2, value))],
  );
  if (values.length === 0) return new Uint8Array();
  const time = double(1, Date.parse(event.at) / 1000);
  return record(Buffer.concat([time, integer(2, event.step), delimited(5, ...values)]));
}

/** length uint64, its masked CRC, data, its masked CRC; all little-endian. */
export function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return bytes;
}

/** CRC-32C (RFC 3720, appendix B.4), turned and shifted, so that a CRC of data that holds CRCs is still one. */
function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

// Fields of protocol buffers (protobuf.dev/programming-guides/encoding), by wire type: 0, 1, 5 and 2.
const integer = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)]);

function double(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint(field * 8 + 1), bytes]);
}

function float(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), bytes]);
}

/** Text, or an inner message as its fields one after another. */
function delimited(field: number, ...content: readonly (string | Uint8Array)[]): Uint8Array {
  const bytes = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}
