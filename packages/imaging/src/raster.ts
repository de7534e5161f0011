/**
 * PNG and JPEG by sharp (libvips): 8- or 16-bit gray in, 8-bit gray or RGB out. Three equal channels count as gray, as
 * many archives store radiographs so; real colour and transparency are refused, for they show that the file is
 * something else (a screenshot, an overlay).
 */
import { fail, LlamaXrError, sha256, writeFileAtomic } from '@llama-xr/core';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { MAX_PIXELS } from './limits.ts';
import type { Radiograph } from './radiograph.ts';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);

const startsWith = (bytes: Uint8Array, magic: Buffer) => magic.equals(bytes.subarray(0, magic.length));

export function isRaster(bytes: Uint8Array): boolean {
  return startsWith(bytes, PNG) || startsWith(bytes, JPEG);
}

/** @throws LlamaXrError FILE_FORMAT, FILE_TRUNCATED, FILE_UNSUPPORTED, FILE_HOSTILE. */
export async function readRaster(bytes: Uint8Array, path: string): Promise<Radiograph> {
  const format = startsWith(bytes, PNG) ? 'png' : 'jpeg';
  try {
    // The header is read without a limit, so that the error can say how large the picture claims to be.
    const metadata = await sharp(bytes, { limitInputPixels: false }).metadata();
    checkSize(metadata, path);
    const image = sharp(bytes, { failOn: 'truncated', ignoreIcc: true, limitInputPixels: MAX_PIXELS });
    const { values, greatest } = await grayOf(image.autoOrient(), metadata, path);
    return {
      width: metadata.autoOrient.width,
      height: metadata.autoOrient.height,
      pixels: new Float32Array(values).map((value) => value / greatest),
      bits: greatest === 255 ? 8 : 16,
      photometricInterpretation: 'MONOCHROME2',
      source: { format, sha256: sha256(bytes) },
      remarks: values.every((value) => value === values[0]) ? ['all pixels are equal'] : [],
    };
  } catch (error) {
    if (error instanceof LlamaXrError) throw error;
    fail('FILE_FORMAT', `${path}: damaged ${format.toUpperCase()}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function checkSize({ width, height }: Metadata, path: string): void {
  if (width * height > MAX_PIXELS)
    fail('FILE_HOSTILE', `${path}: expected at most ${MAX_PIXELS} pixels, got ${width} x ${height}`);
}

async function grayOf(image: Sharp, metadata: Metadata, path: string) {
  const { channels, depth, hasAlpha } = metadata;
  const got = ['?', 'gray', 'gray with alpha', 'RGB', metadata.space === 'cmyk' ? 'CMYK' : 'RGBA'][
    channels ?? 0
  ];
  const refuse = (what = got): never =>
    fail('FILE_UNSUPPORTED', `${path}: expected 8- or 16-bit grayscale, got ${what}`);
  if (hasAlpha || (channels !== 1 && channels !== 3)) refuse();
  const wide = depth === 'ushort';
  const space = channels === 1 ? (wide ? 'grey16' : 'b-w') : wide ? 'rgb16' : 'srgb';
  const { data, info } = await image
    .toColourspace(space)
    .raw({ depth: wide ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const samples = wide
    ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2)
    : new Uint8Array(data);
  const greatest = wide ? 65535 : 255;
  if (info.channels === 1) return { values: samples, greatest };
  const values = samples.filter((_, i) => i % 3 === 0);
  const equal = values.every((value, i) => value === samples[3 * i + 1] && value === samples[3 * i + 2]);
  if (!equal) refuse('RGB');
  return { values, greatest };
}

/** An 8-bit picture to write: gray [height, width] or RGB [height, width, 3]. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** PNG bytes of a picture. */
export async function encodePng({ width, height, pixels }: Picture): Promise<Uint8Array> {
  const channels = pixels.length === width * height ? 1 : 3;
  if (pixels.length !== width * height * channels)
    fail(
      'INPUT',
      `encodePng: expected ${width} x ${height} pixels of 1 or 3 bytes, got ${pixels.length} bytes`,
    );
  return sharp(pixels, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();
}

export interface JpegOptions {
  /** Pixels of the longer side; larger pictures are made smaller. */
  readonly longestSide: number;
  /** 1 to 100. Default 85. */
  readonly quality?: number;
}

/** JPEG bytes of a gray picture, for looking at: nothing of the source but its pixels. */
export async function encodeJpeg(
  { width, height, pixels }: Picture,
  { longestSide, quality = 85 }: JpegOptions,
): Promise<Uint8Array> {
  if (pixels.length !== width * height)
    fail('INPUT', `encodeJpeg: expected ${width} x ${height} gray pixels, got ${pixels.length} bytes`);
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .resize({ width: longestSide, height: longestSide, fit: 'inside', withoutEnlargement: true })
    .toColourspace('b-w')
    .jpeg({ quality })
    .toBuffer();
}

/** Writes a picture as PNG, atomically. */
export async function writePng(path: string, picture: Picture): Promise<void> {
  writeFileAtomic(path, await encodePng(picture));
}

/** Draws an SVG of ours; its fonts are those of the machine. */
export async function svgToPng(svg: string): Promise<Uint8Array> {
  return sharp(Buffer.from(svg)).png().toBuffer();
}

/** A radiograph as 8-bit gray, for looking at. */
export function toPicture({
  width,
  height,
  pixels,
}: Pick<Radiograph, 'width' | 'height' | 'pixels'>): Picture {
  return { width, height, pixels: new Uint8Array(pixels.map((value) => Math.round(255 * value))) };
}
