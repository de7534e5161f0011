/**
 * PyTorch's `.pt` files (torch/serialization.py): the zip format, and the one before torch 1.6. Pickles are read by a
 * machine that runs nothing (`pickle.ts`, `pytorch-globals.ts`); the numbers stand beside them.
 */
import { fail } from '@llama-xr/core';
import { FileBytes } from './file-bytes.ts';
import { ForwardReader } from './forward-reader.ts';
import { unpickle } from './pickle.ts';
import { type FindStorage, TorchHost } from './pytorch-host.ts';
import { CopyBudget, rebuildTensor, Storage } from './pytorch-tensor.ts';
import { bytesPerElement, type DType, type TypedArray, viewAs } from './tensor.ts';
import { readZipDirectory, type ZipEntry } from './zip-directory.ts';

/** The numbers are not in the pickle: that of a large model is far below this. */
const MAX_PICKLE_BYTES = 2 ** 26;
/** A pickle's spelling of torch's magic number, 0x1950a86a20f9469cfc6c, after PROTO and its version. */
const LEGACY_MAGIC = Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex');

/**
 * Reads a file that torch.save wrote.
 * @returns dicts as Map, lists and tuples as Array, tensors as `Tensor`, modules as `PickledObject`; `stateDict` finds
 *   the weights in it
 * @throws LlamaXrError FILE_HOSTILE when the pickle asks for anything but data; FILE_* naming the file.
 */
export function readPytorch(path: string): unknown {
  using file = new FileBytes(path);
  const start = Buffer.from(file.read(0, Math.min(file.size, 16), 'first bytes').buffer);
  if (start.toString('latin1', 0, 4) === 'PK\x03\x04') return readZip(file);
  if (start.subarray(2, 14).equals(LEGACY_MAGIC)) return readLegacy(file);
  fail(
    'FILE_FORMAT',
    `${path}: expected a file of torch.save, got one that begins with 0x${start.toString('hex', 0, 4)}`,
  );
}

function readZip(file: FileBytes): unknown {
  const entries = readZipDirectory(file);
  const name = [...entries.keys()].find((entry) => /(^|\/)data\.pkl$/.test(entry));
  if (name === undefined) fail('FILE_FORMAT', `${file.path}: expected an entry data.pkl in the zip file`);
  const folder = name.slice(0, -'data.pkl'.length);
  if (entries.has(`${folder}constants.pkl`)) {
    fail('FILE_UNSUPPORTED', `${file.path}: expected a file of torch.save, got a TorchScript archive`);
  }
  checkByteOrder(file, entries.get(`${folder}byteorder`));
  const { offset, byteLength } = entries.get(name) as ZipEntry;
  if (byteLength > MAX_PICKLE_BYTES) {
    fail(
      'FILE_HOSTILE',
      `${file.path}: expected a pickle of at most ${MAX_PICKLE_BYTES} bytes, got ${byteLength}`,
    );
  }
  const storages = new Storages(file, (key) => entries.get(`${folder}data/${key}`));
  return unpickle(new ForwardReader(file, offset, offset + byteLength), hostWith(file, storages));
}

function checkByteOrder(file: FileBytes, entry: ZipEntry | undefined): void {
  if (entry === undefined) return;
  const order = Buffer.from(
    file.read(entry.offset, Math.min(entry.byteLength, 16), 'byteorder').buffer,
  ).toString();
  if (order !== 'little')
    fail('FILE_UNSUPPORTED', `${file.path}: expected little-endian numbers, got ${order}`);
}

/**
 * Pickles of the magic number, the protocol, the machine, the object and the keys of its storages; then the storages,
 * each with its length. The object is read twice: where the storages lie is known only behind it.
 */
function readLegacy(file: FileBytes): unknown {
  const declared = new Map<string, DType>();
  const scan = new TorchHost(
    file.path,
    (key, dtype, length) => {
      declared.set(key, dtype);
      return new Storage(dtype, length, () => viewAs(dtype, new Uint8Array(0)));
    },
    () => null,
  );
  const reader = new ForwardReader(file, 0, Math.min(file.size, MAX_PICKLE_BYTES));
  for (let i = 0; i < 3; i++) unpickle(reader, scan);
  const object = reader.position;
  unpickle(reader, scan);
  const keys = unpickle(reader, scan);
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string'))
    fail('FILE_FORMAT', `${file.path}: expected the keys of its storages`);
  const places = new Map<string, ZipEntry>();
  let at = reader.position;
  for (const key of keys) {
    const dtype =
      declared.get(key) ?? fail('FILE_FORMAT', `${file.path}: storage ${key.slice(0, 40)} is of no tensor`);
    const length = Number(Buffer.from(file.read(at, 8, `storage ${key}`).buffer).readBigInt64LE());
    const byteLength = length * bytesPerElement(dtype);
    if (!(byteLength >= 0)) fail('FILE_HOSTILE', `${file.path}: storage ${key}: impossible length ${length}`);
    file.check(at + 8, byteLength, `storage ${key}`);
    places.set(key, { offset: at + 8, byteLength });
    at += 8 + byteLength;
  }
  const storages = new Storages(file, (key) => places.get(key));
  return unpickle(new ForwardReader(file, object), hostWith(file, storages));
}

function hostWith(file: FileBytes, storages: Storages): TorchHost {
  const budget = new CopyBudget(file.path, file.size);
  return new TorchHost(file.path, storages.find, (args) => rebuildTensor(file.path, args, budget));
}

/** The storages of a file, each read once, when a tensor first asks for it. */
class Storages {
  readonly #file: FileBytes;
  readonly #place: (key: string) => ZipEntry | undefined;
  readonly #known = new Map<string, Storage>();
  readonly #budget: CopyBudget;

  constructor(file: FileBytes, place: (key: string) => ZipEntry | undefined) {
    this.#file = file;
    this.#place = place;
    this.#budget = new CopyBudget(file.path, file.size);
  }

  readonly find: FindStorage = (key, dtype, length) => {
    const known = this.#known.get(key);
    if (known?.dtype === dtype && known.length === length) return known;
    const what = `${this.#file.path}: storage ${key.slice(0, 40)}`;
    if (known !== undefined) fail('FILE_FORMAT', `${what}: declared in two ways`);
    const place = this.#place(key) ?? fail('FILE_TRUNCATED', `${what} is missing`);
    const byteLength = length * bytesPerElement(dtype);
    if (place.byteLength !== byteLength) {
      fail(
        'FILE_FORMAT',
        `${what}: expected ${byteLength} bytes for ${length} ${dtype}, got ${place.byteLength}`,
      );
    }
    const storage = new Storage(dtype, length, () => this.#read(place, dtype, what));
    this.#known.set(key, storage);
    return storage;
  };

  #read({ offset, byteLength }: ZipEntry, dtype: DType, what: string): TypedArray {
    this.#budget.spend(byteLength);
    return viewAs(dtype, this.#file.read(offset, byteLength, what));
  }
}
