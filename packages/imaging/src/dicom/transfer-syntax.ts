/** Transfer syntaxes (PS3.5 section 10, PS3.6 annex A): which are read, how, and which are refused by name. */
import { fail } from '@llama-xr/core';
import type { Encoding } from './elements.ts';

export type PixelCoding = 'native' | 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000';

export interface TransferSyntax extends Encoding {
  readonly uid: string;
  readonly name: string;
  readonly deflated: boolean;
  readonly pixels: PixelCoding;
}

const LITTLE: Encoding = { explicit: true, littleEndian: true };

const READ: Record<string, Encoding & { name: string; pixels: PixelCoding; deflated?: true }> = {
  '1.2.840.10008.1.2': {
    name: 'Implicit VR Little Endian',
    explicit: false,
    littleEndian: true,
    pixels: 'native',
  },
  '1.2.840.10008.1.2.1': { name: 'Explicit VR Little Endian', ...LITTLE, pixels: 'native' },
  '1.2.840.10008.1.2.1.99': {
    name: 'Deflated Explicit VR Little Endian',
    ...LITTLE,
    pixels: 'native',
    deflated: true,
  },
  '1.2.840.10008.1.2.2': {
    name: 'Explicit VR Big Endian',
    explicit: true,
    littleEndian: false,
    pixels: 'native',
  },
  '1.2.840.10008.1.2.4.50': { name: 'JPEG Baseline (Process 1)', ...LITTLE, pixels: 'jpeg' },
  '1.2.840.10008.1.2.4.51': { name: 'JPEG Extended (Process 2 and 4)', ...LITTLE, pixels: 'jpeg' },
  '1.2.840.10008.1.2.4.57': { name: 'JPEG Lossless (Process 14)', ...LITTLE, pixels: 'jpeg' },
  '1.2.840.10008.1.2.4.70': { name: 'JPEG Lossless (Process 14, SV1)', ...LITTLE, pixels: 'jpeg' },
  '1.2.840.10008.1.2.4.80': { name: 'JPEG-LS Lossless', ...LITTLE, pixels: 'jpeg-ls' },
  '1.2.840.10008.1.2.4.81': { name: 'JPEG-LS Near-Lossless', ...LITTLE, pixels: 'jpeg-ls' },
  '1.2.840.10008.1.2.4.90': { name: 'JPEG 2000 Lossless', ...LITTLE, pixels: 'jpeg-2000' },
  '1.2.840.10008.1.2.4.91': { name: 'JPEG 2000', ...LITTLE, pixels: 'jpeg-2000' },
  '1.2.840.10008.1.2.5': { name: 'RLE Lossless', ...LITTLE, pixels: 'rle' },
};

const REFUSED: Record<string, string> = {
  '1.2.840.10008.1.2.4.53': 'JPEG Spectral Selection (Process 6 and 8), retired',
  '1.2.840.10008.1.2.4.55': 'JPEG Full Progression (Process 10 and 12), retired',
  '1.2.840.10008.1.2.4.201': 'High-Throughput JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.202': 'High-Throughput JPEG 2000 RPCL Lossless',
  '1.2.840.10008.1.2.4.203': 'High-Throughput JPEG 2000',
  '1.2.840.10008.1.2.8.1': 'Deflated Image Frame Compression',
};

/** @throws LlamaXrError FILE_UNSUPPORTED, naming the syntax and those that are read. */
export function syntaxOf(uid: string, name: string): TransferSyntax {
  const known = READ[uid];
  if (known !== undefined) return { uid, deflated: false, ...known };
  const got = REFUSED[uid] === undefined ? uid : `${REFUSED[uid]} (${uid})`;
  fail('FILE_UNSUPPORTED', `${name}: expected a transfer syntax that is read here, got ${got}`, {
    hint: `Read are: ${Object.values(READ)
      .map((syntax) => syntax.name)
      .join(', ')}. Convert it, for instance with dcmdjpeg or gdcmconv --raw.`,
  });
}
