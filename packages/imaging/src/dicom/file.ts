/**
 * A DICOM file (PS3.10): preamble, file meta information, and the data set in the transfer syntax they announce.
 * Files without preamble are refused: what they hold would have to be guessed.
 */
import { inflateRawSync } from 'node:zlib';
import { fail } from '@llama-xr/core';
import type { DataSet } from './data-set.ts';
import { ElementReader, type Encoding } from './elements.ts';
import { syntaxOf, type TransferSyntax } from './transfer-syntax.ts';

const META: Encoding = { explicit: true, littleEndian: true };
const META_GROUP = 0x0002;
const PREAMBLE_BYTES = 128;
const MAX_INFLATED_BYTES = 2 ** 28;

export interface DicomFile {
  readonly syntax: TransferSyntax;
  readonly dataSet: DataSet;
}

export function isDicom(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(PREAMBLE_BYTES, PREAMBLE_BYTES + 4)).toString('latin1') === 'DICM';
}

/**
 * Reads up to and with the pixel data; nothing is decoded yet.
 * @throws LlamaXrError FILE_FORMAT, FILE_TRUNCATED, FILE_HOSTILE, FILE_UNSUPPORTED (transfer syntax).
 */
export function parseDicom(bytes: Uint8Array, name: string): DicomFile {
  if (!isDicom(bytes)) fail('FILE_FORMAT', `${name}: expected a DICOM file, which has "DICM" at byte 128`);
  const reader = new ElementReader(bytes, name, PREAMBLE_BYTES + 4);
  const meta = reader.readDataSet(META, (tag) => tag >>> 16 !== META_GROUP);
  const uid =
    meta.text('TransferSyntaxUID') ??
    fail('FILE_FORMAT', `${name}: TransferSyntaxUID (0002,0010) is missing`);
  const syntax = syntaxOf(uid, name);
  const body = syntax.deflated
    ? new ElementReader(inflate(bytes.subarray(reader.offset), name), name)
    : reader;
  return { syntax, dataSet: body.readDataSet(encodingOf(body, syntax)) };
}

/** Some writers announce explicit VR and write implicit: where the first VR is no letters, there is none. */
function encodingOf(reader: ElementReader, syntax: TransferSyntax): Encoding {
  return syntax.explicit && !reader.showsRepresentation() ? { ...syntax, explicit: false } : syntax;
}

function inflate(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      fail('FILE_HOSTILE', `${name}: inflates to more than ${MAX_INFLATED_BYTES} bytes`, { cause: error });
    fail('FILE_FORMAT', `${name}: the deflated data set is damaged: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
