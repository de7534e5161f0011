/**
 * NumPy's `.npy` files (numpy/lib/format.py), versions 1 to 3: one array of plain little-endian numbers in C order.
 */
import { fail, writeFileAtomic } from '@llama-xr/core';
import { FileBytes } from './file-bytes.ts';
import { bytesOf, bytesPerElement, type DType, elementCount, type Tensor, viewAs } from './tensor.ts';

const MAGIC = '\x93NUMPY';
/** NumPy itself refuses longer ones unless told to trust the file. */
const MAX_HEADER_BYTES = 10_000;

const DTYPES = new Map<string, DType>([
  ['<f8', 'float64'],
  ['<f4', 'float32'],
  ['<f2', 'float16'],
  ['<i8', 'int64'],
  ['<i4', 'int32'],
  ['<i2', 'int16'],
  ['|i1', 'int8'],
  ['|u1', 'uint8'],
  ['|b1', 'bool'],
]);

/** @throws LlamaXrError FILE_* naming the file: objects, other byte orders and Fortran order are not read. */
export function readNpy(path: string): Tensor {
  using file = new FileBytes(path);
  const start = Buffer.from(file.read(0, 12, 'npy header').buffer);
  const version = start[6] as number;
  if (start.toString('latin1', 0, 6) !== MAGIC || version < 1 || version > 3) {
    fail(
      'FILE_FORMAT',
      `${path}: expected a .npy file, got one that begins with 0x${start.toString('hex', 0, 8)}`,
    );
  }
  const headerStart = version === 1 ? 10 : 12;
  const headerLength = version === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  if (headerLength > MAX_HEADER_BYTES) {
    fail(
      'FILE_HOSTILE',
      `${path}: expected a header of at most ${MAX_HEADER_BYTES} bytes, got ${headerLength}`,
    );
  }
  const header = Buffer.from(file.read(headerStart, headerLength, 'npy header').buffer).toString('utf8');
  const { dtype, shape, count } = parseHeader(path, header);
  const bytes = file.read(headerStart + headerLength, count * bytesPerElement(dtype), 'npy data');
  return { dtype, shape, data: viewAs(dtype, bytes) };
}

/** `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`: NumPy writes it in this form only. */
function parseHeader(path: string, header: string): { dtype: DType; shape: number[]; count: number } {
  const field = (pattern: RegExp): string =>
    pattern.exec(header)?.[1] ??
    fail('FILE_FORMAT', `${path}: expected a header of NumPy, got ${header.slice(0, 120).trim()}`);
  const descr = field(/'descr': *'([^']*)'/);
  const dtype = DTYPES.get(descr);
  if (dtype === undefined) {
    fail('FILE_UNSUPPORTED', `${path}: expected one of ${[...DTYPES.keys()].join(', ')}, got ${descr}`);
  }
  const shape = field(/'shape': *\(([\d, ]*)\)/)
    .split(',')
    .filter((text) => text.trim() !== '')
    .map(Number);
  const count =
    elementCount(shape) ?? fail('FILE_HOSTILE', `${path}: impossible shape [${shape.join(', ')}]`);
  if (field(/'fortran_order': *(True|False)/) === 'True' && shape.length > 1) {
    fail('FILE_UNSUPPORTED', `${path}: expected C order, got Fortran order`);
  }
  return { dtype, shape, count };
}

/** @throws LlamaXrError INPUT for bfloat16, which NumPy has not, or data that do not fill the shape. */
export function writeNpy(path: string, { dtype, shape, data }: Tensor): void {
  const descr = [...DTYPES].find(([, known]) => known === dtype)?.[0];
  if (descr === undefined) fail('INPUT', `${path}: expected a type of NumPy, got ${dtype}`);
  if (elementCount(shape) !== data.length) {
    fail('INPUT', `${path}: expected the elements of [${shape.join(', ')}], got ${data.length}`);
  }
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // Magic, version, length, header and newline fill a multiple of 64 bytes.
  const total = Math.ceil((10 + text.length + 1) / 64) * 64;
  const start = Buffer.from(`${MAGIC}\x01\x00..${text.padEnd(total - 11)}\n`, 'latin1');
  start.writeUInt16LE(total - 10, 8);
  writeFileAtomic(path, Buffer.concat([start, bytesOf(data)]));
}
