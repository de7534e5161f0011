/**
 * One normalised radiograph from a DICOM, PNG or JPEG file: the only form in which the rest of the system sees pixels.
 * Reads single frames of gray; refuses colour, cine and other modalities by name. It does not look whether the picture
 * shows a chest.
 */
import { readFile, stat } from 'node:fs/promises';
import { fail, fileError, sha256 } from '@llama-xr/core';
import { isDicom, parseDicom } from './dicom/file.ts';
import { toGrayscale } from './dicom/grayscale.ts';
import { describeImage, storedValues } from './dicom/image.ts';
import { type Projection, projectionOf } from './dicom/projection.ts';
import { MAX_FILE_BYTES } from './limits.ts';
import { isRaster, readRaster } from './raster.ts';

export interface Radiograph {
  readonly width: number;
  readonly height: number;
  /** [height * width], row by row, in [0, 1]; 0 is dark, as air. */
  readonly pixels: Float32Array;
  /** Bits that the file keeps a pixel, 1 to 16. */
  readonly bits: number;
  readonly projection?: Projection;
  readonly photometricInterpretation: 'MONOCHROME1' | 'MONOCHROME2';
  readonly source: RadiographSource;
  /** What a reader should know of this file, in sentences; often empty. Never holds who the patient is. */
  readonly remarks: readonly string[];
}

export interface RadiographSource {
  readonly format: 'dicom' | 'png' | 'jpeg';
  readonly sha256: string;
  readonly transferSyntax?: string;
  readonly modality?: string;
  /** As the file says it: `PA`. */
  readonly viewPosition?: string;
  /** How stored values became [0, 1]. */
  readonly range?: string;
  readonly pixelSpacingMm?: readonly [number, number];
}

/** Projection radiography, secondary captures of it, and files that do not say. */
const RADIOGRAPHS = ['CR', 'DX', 'RG', 'RF', 'SC', 'OT'];

/**
 * @throws LlamaXrError FILE_MISSING, FILE_FORMAT, FILE_TRUNCATED, FILE_UNSUPPORTED, FILE_HOSTILE; each names the file,
 * the rule and the value.
 */
export async function readRadiograph(path: string): Promise<Radiograph> {
  const bytes = await readBounded(path);
  if (isRaster(bytes)) return readRaster(bytes, path);
  if (isDicom(bytes)) return readDicom(bytes, path);
  return fail('FILE_FORMAT', `${path}: expected DICOM, PNG or JPEG, got ${signature(bytes)}`);
}

async function readDicom(bytes: Uint8Array, path: string): Promise<Radiograph> {
  const file = parseDicom(bytes, path);
  const { dataSet } = file;
  const modality = dataSet.text('Modality');
  const image = describeImage(file, path);
  if (modality !== undefined && !RADIOGRAPHS.includes(modality))
    fail(
      'FILE_UNSUPPORTED',
      `${path}: Modality: expected a radiograph (${RADIOGRAPHS.join(', ')}), got ${modality}`,
    );
  const { pixels, range } = toGrayscale(await storedValues(file, image, path), image, dataSet, path);
  const projection = projectionOf(dataSet);
  const viewPosition = dataSet.text('ViewPosition');
  const spacing = [dataSet.numbers('PixelSpacing'), dataSet.numbers('ImagerPixelSpacing')].find(
    (s) => s.length === 2,
  );
  return {
    width: image.columns,
    height: image.rows,
    pixels,
    bits: image.bitsStored,
    ...(projection && { projection }),
    photometricInterpretation: image.photometricInterpretation,
    source: {
      format: 'dicom',
      sha256: sha256(bytes),
      transferSyntax: file.syntax.name,
      ...(modality && { modality }),
      ...(viewPosition && { viewPosition }),
      range,
      ...(spacing && { pixelSpacingMm: [spacing[0] as number, spacing[1] as number] }),
    },
    remarks: remarksOn(dataSet.text('BodyPartExamined'), dataSet.texts('PatientOrientation')[0], pixels),
  };
}

function remarksOn(bodyPart: string | undefined, row: string | undefined, pixels: Float32Array): string[] {
  const remarks: string[] = [];
  if (bodyPart !== undefined && !/CHEST|THORAX/i.test(bodyPart))
    remarks.push(`BodyPartExamined is ${bodyPart}, not CHEST`);
  if (row === 'R')
    remarks.push("PatientOrientation says that the image is mirrored: its right is the patient's right");
  if (pixels.every((value) => value === pixels[0])) remarks.push('all pixels are equal');
  return remarks;
}

async function readBounded(path: string): Promise<Uint8Array> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) fail('FILE_FORMAT', `${path}: expected a file, got a folder`);
    // A pipe or a device may never end.
    if (!stats.isFile()) fail('FILE_FORMAT', `${path}: expected a file, got a pipe or a device`);
    if (stats.size > MAX_FILE_BYTES)
      fail('FILE_UNSUPPORTED', `${path}: expected at most ${MAX_FILE_BYTES} bytes, got ${stats.size}`);
    return await readFile(path);
  } catch (error) {
    throw fileError(error, path);
  }
}

function signature(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'an empty file';
  return `a file that begins with ${Buffer.from(bytes.subarray(0, 8)).toString('hex')}`;
}
