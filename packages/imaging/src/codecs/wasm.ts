/**
 * JPEG-LS by CharLS and JPEG 2000 by OpenJPEG, both compiled to WebAssembly by the Cornerstone project: a damaged
 * stream can trap inside their sandbox, never in this process.
 */
import { createRequire } from 'node:module';
import { fail, LlamaXrError } from '@llama-xr/core';
import type { Containers, Frame } from '../dicom/pixels.ts';
import { readJpeg2000Size } from './jpeg-2000-header.ts';
import { readJpegHeader } from './jpeg-header.ts';

interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
}

/** The part of the decoders' interface that both share (Emscripten's embind). */
interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  delete(): void;
}

interface Codec {
  JpegLSDecoder?: new () => Decoder;
  J2KDecoder?: new () => Decoder;
  getExceptionMessage?(pointer: number): string;
}

type LoadCodec = (options: {
  locateFile: () => string;
  print(): void;
  printErr(line: string): void;
}) => Promise<Codec>;

type Library = 'charls' | 'openjpeg';

const require = createRequire(import.meta.url);
const loaded = new Map<string, Promise<Codec>>();
/** What the decoders print instead of throwing. */
const complaints: string[] = [];

function load(library: Library): Promise<Codec> {
  const codec =
    loaded.get(library) ??
    (require(`@cornerstonejs/codec-${library}/decodewasmjs`) as LoadCodec)({
      locateFile: () => require.resolve(`@cornerstonejs/codec-${library}/decodewasm`),
      print: () => {},
      printErr: (line) => complaints.push(line),
    });
  loaded.set(library, codec);
  return codec;
}

export async function decodeJpegLs(frame: Frame): Promise<Containers> {
  const { precision } = readJpegHeader(frame);
  if (precision > frame.bitsAllocated)
    fail(
      'FILE_FORMAT',
      `${frame.name}: JPEG-LS: expected at most ${frame.bitsAllocated} bits, got ${precision}`,
    );
  return decode('charls', frame, 'JPEG-LS');
}

export async function decodeJpeg2000(frame: Frame): Promise<Containers> {
  readJpeg2000Size(frame);
  return decode('openjpeg', frame, 'JPEG 2000');
}

async function decode(library: Library, frame: Frame, coding: string): Promise<Containers> {
  const { bytes, rows, columns, name } = frame;
  const codec = await load(library);
  const Decoder =
    codec.JpegLSDecoder ?? codec.J2KDecoder ?? fail('ENGINE', `the ${coding} codec lacks its decoder`);
  const decoder = new Decoder();
  complaints.length = 0;
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    const pixels = decoder.getDecodedBuffer();
    const size = bitsPerSample > 8 ? 2 : 1;
    if (
      width !== columns ||
      height !== rows ||
      componentCount !== 1 ||
      pixels.length !== rows * columns * size
    )
      fail(
        'FILE_FORMAT',
        `${name}: ${coding}: the stream is damaged: ${complaints.join('; ') || 'it decodes to another size'}`,
      );
    // Copied out: the decoder's memory is reused.
    const copy = pixels.slice();
    decoder.delete();
    return size === 1 ? copy : new Uint16Array(copy.buffer);
  } catch (error) {
    // A trapped instance may be left in any state: the next file gets a new one.
    loaded.delete(library);
    throw asFileError(error, codec, `${name}: ${coding}`);
  }
}

function asFileError(error: unknown, codec: Codec, subject: string): Error {
  if (error instanceof LlamaXrError) return error;
  // C++ exceptions arrive as bare pointers.
  const words =
    typeof error === 'number'
      ? (codec.getExceptionMessage?.(error) ?? complaints.join('; '))
      : (error as Error).message;
  return fail('FILE_FORMAT', `${subject}: the stream is damaged: ${words || 'no reason given'}`, {
    cause: error,
  });
}
