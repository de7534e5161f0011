/**
 * JPEG (ITU-T T.81) by what its frame header says, since the transfer syntax is sometimes wrong: 8-bit sequential DCT
 * by libjpeg-turbo in sharp, lossless by our own decoder. 12-bit DCT and progressive streams are not read.
 */
import { fail } from '@llama-xr/core';
import sharp from 'sharp';
import type { Containers, Frame } from '../dicom/pixels.ts';
import { readJpegHeader } from './jpeg-header.ts';
import { decodeLossless } from './jpeg-lossless.ts';

const BASELINE = 0xc0;
const EXTENDED = 0xc1;
const LOSSLESS = 0xc3;

export async function decodeJpeg(frame: Frame): Promise<Containers> {
  const header = readJpegHeader(frame);
  const { process, precision } = header;
  if (process === LOSSLESS) return decodeLossless(frame, header);
  if (precision === 8 && (process === BASELINE || process === EXTENDED)) return decodeSequential(frame);
  const got = `${precision}-bit, SOF${process - BASELINE}`;
  return fail(
    'FILE_UNSUPPORTED',
    `${frame.name}: JPEG: expected 8-bit sequential or lossless coding, got ${got}`,
  );
}

async function decodeSequential({ bytes, rows, columns, name }: Frame): Promise<Containers> {
  try {
    const image = sharp(bytes, { failOn: 'truncated', ignoreIcc: true, limitInputPixels: rows * columns });
    return new Uint8Array(await image.toColourspace('b-w').raw().toBuffer());
  } catch (error) {
    return fail('FILE_FORMAT', `${name}: JPEG: ${(error as Error).message}`, { cause: error });
  }
}
