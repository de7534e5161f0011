/**
 * The grayscale pipeline of PS3.4 annex N: stored values -> modality (rescale or LUT) -> VOI (LUT, window, or none) ->
 * [0, 1], dark = air. Where a file says nothing of how it is to be seen, values of at most 8 bits keep their full range,
 * deeper ones are stretched from their least to their greatest value, as MIMIC-CXR-JPG does (Johnson et al. 2019).
 */
import { fail } from '@llama-xr/core';
import type { DataSet } from './data-set.ts';
import type { ImageDescription } from './image.ts';

/** A function of one value; tables make it cheap, since there are at most 2^16 stored values. */
type Mapping = (value: number) => number;

export interface Grayscale {
  /** [rows * columns] in [0, 1]. */
  readonly pixels: Float32Array;
  /** Which rule gave the range. */
  readonly range: 'VOI LUT' | 'window' | 'full' | 'least to greatest';
}

export function toGrayscale(
  stored: Int32Array,
  image: ImageDescription,
  dataSet: DataSet,
  name: string,
): Grayscale {
  const offset = image.signed ? 2 ** (image.bitsStored - 1) : 0;
  const isPadding = paddingOf(dataSet, image);
  const modality = modalityOf(dataSet, name);
  const { voi, range } = voiOf(dataSet, name) ?? rangeOf(stored, image, modality, isPadding);
  const invert = image.photometricInterpretation === 'MONOCHROME1';
  const table = Float32Array.from({ length: 2 ** image.bitsStored }, (_, i) => {
    if (isPadding(i - offset)) return 0;
    const shown = Math.min(1, Math.max(0, voi(modality(i - offset))));
    return invert ? 1 - shown : shown;
  });
  const pixels = new Float32Array(stored.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[(stored[i] as number) + offset] as number;
  return { pixels, range };
}

/** Padding surrounds the exposed field (C.7.5.1.1.2); it is shown as air in both interpretations. */
function paddingOf(dataSet: DataSet, { signed }: ImageDescription): (value: number) => boolean {
  const first = dataSet.number('PixelPaddingValue');
  if (first === undefined) return () => false;
  // Implicit VR and careless writers give the unsigned form of a signed value.
  const asStored = (value: number) => (signed ? (value << 16) >> 16 : value & 0xffff);
  const bounds = [first, dataSet.number('PixelPaddingRangeLimit') ?? first].map(asStored);
  const low = Math.min(...bounds);
  const high = Math.max(...bounds);
  return (value) => value >= low && value <= high;
}

function modalityOf(dataSet: DataSet, name: string): Mapping {
  const item = dataSet.items('ModalityLUTSequence')[0];
  if (item !== undefined) return lookUp(item, name, 'ModalityLUTSequence').map;
  const slope = dataSet.number('RescaleSlope') ?? 1;
  const intercept = dataSet.number('RescaleIntercept') ?? 0;
  return (value) => value * (slope === 0 ? 1 : slope) + intercept;
}

/** The first VOI LUT or window, as a mapping onto [0, 1]; undefined where there is none that can be used. */
function voiOf(dataSet: DataSet, name: string): { voi: Mapping; range: Grayscale['range'] } | undefined {
  const item = dataSet.items('VOILUTSequence')[0];
  if (item !== undefined) {
    const { map, least, greatest } = lookUp(item, name, 'VOILUTSequence');
    if (greatest > least)
      return { voi: (value) => (map(value) - least) / (greatest - least), range: 'VOI LUT' };
  }
  const center = dataSet.number('WindowCenter');
  const width = dataSet.number('WindowWidth');
  if (center === undefined || width === undefined) return undefined;
  const voi = windowOf(center, width, dataSet.text('VOILUTFunction') ?? 'LINEAR');
  return voi && { voi, range: 'window' };
}

/** Window center c and width w (C.11.2.1.2, C.11.2.1.3). */
function windowOf(center: number, width: number, kind: string): Mapping | undefined {
  if (kind === 'LINEAR' && width > 1) return (value) => (value - (center - 0.5)) / (width - 1) + 0.5;
  if (kind === 'LINEAR_EXACT' && width > 0) return (value) => (value - center) / width + 0.5;
  if (kind === 'SIGMOID' && width > 0) return (value) => 1 / (1 + Math.exp((-4 * (value - center)) / width));
  return undefined;
}

function rangeOf(
  stored: Int32Array,
  { bitsStored, signed }: ImageDescription,
  modality: Mapping,
  isPadding: (value: number) => boolean,
): { voi: Mapping; range: Grayscale['range'] } {
  let low = signed ? -(2 ** (bitsStored - 1)) : 0;
  let high = low + 2 ** bitsStored - 1;
  if (bitsStored > 8) {
    [low, high] = [high, low];
    for (const value of stored) {
      if (isPadding(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  const ends = [modality(low), modality(high)];
  const least = Math.min(...ends);
  const span = Math.max(...ends) - least || 1;
  return { voi: (value) => (value - least) / span, range: bitsStored > 8 ? 'least to greatest' : 'full' };
}

/** A lookup table (C.11.1, C.11.2): entries from `first` on, the ends hold outside. */
function lookUp(
  item: DataSet,
  name: string,
  sequence: string,
): { map: Mapping; least: number; greatest: number } {
  const [declared, firstWord, bits] = item.numbers('LUTDescriptor');
  if (declared === undefined || firstWord === undefined || bits === undefined)
    return fail(
      'FILE_FORMAT',
      `${name}: ${sequence}: LUTDescriptor: expected 3 numbers, got ${item.numbers('LUTDescriptor').length}`,
    );
  const entries = declared === 0 ? 2 ** 16 : declared & 0xffff;
  const bytes = item.element('LUTData')?.value ?? new Uint8Array();
  const data: Uint8Array | Uint16Array =
    bytes.length < 2 * entries && bits <= 8 ? bytes : item.words('LUTData');
  if (data.length < entries)
    fail('FILE_FORMAT', `${name}: ${sequence}: LUTData: expected ${entries} entries, got ${data.length}`);
  const table = data.subarray(0, entries);
  // The first value mapped is signed where it would not fit otherwise.
  const first = firstWord + entries > 2 ** 16 ? (firstWord << 16) >> 16 : firstWord;
  const last = entries - 1;
  const [least, greatest] = extremes(table);
  return {
    map: (value) => table[Math.min(last, Math.max(0, Math.round(value) - first))] as number,
    least,
    greatest,
  };
}

function extremes(table: Uint8Array | Uint16Array): [least: number, greatest: number] {
  let least = 2 ** 16;
  let greatest = 0;
  for (const value of table) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}
