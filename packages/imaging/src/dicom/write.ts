/**
 * Writes one radiograph as a DICOM file: Computed Radiography Image Storage (PS3.3 A.2), explicit VR little endian,
 * 16 bits allocated, MONOCHROME2. Enough for phantoms and tests; not an exporter of clinical images, whose other
 * attributes would have to be carried over.
 */
import { createHash } from 'node:crypto';
import { fail, writeFileAtomic } from '@llama-xr/core';

export interface DicomRadiograph {
  readonly rows: number;
  readonly columns: number;
  /** [rows * columns] in [0, 2^bitsStored); low is dark. */
  readonly pixels: Uint16Array;
  readonly bitsStored: number;
  readonly patientId: string;
  readonly patientName: string;
  readonly patientSex?: 'F' | 'M' | 'O';
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
  /** `YYYYMMDD`. */
  readonly studyDate: string;
  /** `HHMMSS`. */
  readonly studyTime: string;
  readonly accessionNumber: string;
  readonly seriesNumber: number;
  readonly seriesDescription: string;
  readonly viewPosition: 'PA' | 'AP' | 'LL' | 'RL';
  readonly pixelSpacingMm: number;
  /** What made the image, for Manufacturer and ManufacturerModelName. */
  readonly manufacturer: string;
  readonly model: string;
}

const COMPUTED_RADIOGRAPHY = '1.2.840.10008.5.1.4.1.1.1';
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const LONG_FORM = ['OB', 'OW', 'SQ', 'UN'];

/** The direction of a row and of a column (PatientOrientation). */
const ORIENTATION = { PA: 'L\\F', AP: 'L\\F', LL: 'P\\F', RL: 'A\\F' } as const;

/** A UID made from a text: 2.25 and 128 bits of its SHA-256 (PS3.5 B.2), hence equal for equal texts. */
export function uidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return `2.25.${BigInt(`0x${hex}`)}`;
}

/** Writes atomically. @throws LlamaXrError INPUT (pixels that do not fit), FILE_WRITE. */
export function writeDicom(path: string, radiograph: DicomRadiograph): void {
  check(path, radiograph);
  const meta = concat([
    element(0x00020001, 'OB', Uint8Array.of(0, 1)),
    element(0x00020002, 'UI', COMPUTED_RADIOGRAPHY),
    element(0x00020003, 'UI', radiograph.sopInstanceUID),
    element(0x00020010, 'UI', EXPLICIT_LITTLE_ENDIAN),
    element(0x00020012, 'UI', uidOf('LLaMA-XR')),
    element(0x00020013, 'SH', 'LLAMA-XR'),
  ]);
  const head = concat([new Uint8Array(128), Buffer.from('DICM'), element(0x00020000, 'UL', meta.length)]);
  writeFileAtomic(path, concat([head, meta, ...identity(radiograph), ...imagePixels(radiograph)]));
}

function check(path: string, { rows, columns, pixels, bitsStored }: DicomRadiograph): void {
  if (pixels.length !== rows * columns)
    fail('INPUT', `${path}: expected ${rows} x ${columns} pixels, got ${pixels.length}`);
  if (bitsStored < 8 || bitsStored > 16)
    fail('INPUT', `${path}: bitsStored: expected 8 to 16, got ${bitsStored}`);
  const greatest = 2 ** bitsStored - 1;
  const outside = pixels.find((value) => value > greatest);
  if (outside !== undefined) fail('INPUT', `${path}: expected pixels up to ${greatest}, got ${outside}`);
}

/** Modules Patient, General Study, General and CR Series, Equipment, General Image; tags ascend. */
function identity(radiograph: DicomRadiograph): Uint8Array[] {
  const { studyDate, studyTime, viewPosition } = radiograph;
  return [
    element(0x00080008, 'CS', 'ORIGINAL\\PRIMARY'),
    element(0x00080016, 'UI', COMPUTED_RADIOGRAPHY),
    element(0x00080018, 'UI', radiograph.sopInstanceUID),
    element(0x00080020, 'DA', studyDate),
    element(0x00080030, 'TM', studyTime),
    element(0x00080050, 'SH', radiograph.accessionNumber),
    element(0x00080060, 'CS', 'CR'),
    element(0x00080070, 'LO', radiograph.manufacturer),
    element(0x00080090, 'PN', ''),
    element(0x0008103e, 'LO', radiograph.seriesDescription),
    element(0x00081090, 'LO', radiograph.model),
    element(0x00100010, 'PN', radiograph.patientName),
    element(0x00100020, 'LO', radiograph.patientId),
    element(0x00100030, 'DA', ''),
    element(0x00100040, 'CS', radiograph.patientSex ?? ''),
    element(0x00180015, 'CS', 'CHEST'),
    element(0x00181164, 'DS', spacing(radiograph)),
    element(0x00185101, 'CS', viewPosition),
    element(0x0020000d, 'UI', radiograph.studyInstanceUID),
    element(0x0020000e, 'UI', radiograph.seriesInstanceUID),
    element(0x00200010, 'SH', '1'),
    element(0x00200011, 'IS', String(radiograph.seriesNumber)),
    element(0x00200013, 'IS', '1'),
    element(0x00200020, 'CS', ORIENTATION[viewPosition]),
  ];
}

function imagePixels(radiograph: DicomRadiograph): Uint8Array[] {
  const { rows, columns, bitsStored, pixels } = radiograph;
  const data = new DataView(new ArrayBuffer(2 * pixels.length));
  pixels.forEach((value, i) => {
    data.setUint16(2 * i, value, true);
  });
  return [
    element(0x00280002, 'US', 1),
    element(0x00280004, 'CS', 'MONOCHROME2'),
    element(0x00280010, 'US', rows),
    element(0x00280011, 'US', columns),
    element(0x00280100, 'US', 16),
    element(0x00280101, 'US', bitsStored),
    element(0x00280102, 'US', bitsStored - 1),
    element(0x00280103, 'US', 0),
    element(0x00281050, 'DS', String(2 ** (bitsStored - 1))),
    element(0x00281051, 'DS', String(2 ** bitsStored)),
    element(0x7fe00010, 'OW', new Uint8Array(data.buffer)),
  ];
}

function spacing({ pixelSpacingMm }: DicomRadiograph): string {
  const text = pixelSpacingMm.toFixed(4);
  return `${text}\\${text}`;
}

function element(tag: number, vr: string, value: string | number | Uint8Array): Uint8Array {
  const bytes = valueBytes(vr, value);
  const head = new DataView(new ArrayBuffer(LONG_FORM.includes(vr) ? 12 : 8));
  head.setUint16(0, tag >>> 16, true);
  head.setUint16(2, tag & 0xffff, true);
  head.setUint8(4, vr.charCodeAt(0));
  head.setUint8(5, vr.charCodeAt(1));
  if (head.byteLength === 12) head.setUint32(8, bytes.length, true);
  else head.setUint16(6, bytes.length, true);
  return concat([new Uint8Array(head.buffer), bytes]);
}

/** Little endian, of even length: UIDs are padded with a null, texts with a space (PS3.5 section 6.2). */
function valueBytes(vr: string, value: string | number | Uint8Array): Uint8Array {
  if (typeof value === 'number') {
    const view = new DataView(new ArrayBuffer(vr === 'UL' ? 4 : 2));
    if (vr === 'UL') view.setUint32(0, value, true);
    else view.setUint16(0, value, true);
    return new Uint8Array(view.buffer);
  }
  if (typeof value !== 'string') return value;
  const pad = value.length % 2 === 0 ? '' : vr === 'UI' ? '\0' : ' ';
  return Buffer.from(value + pad, 'latin1');
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
