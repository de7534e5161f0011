/**
 * Signed records: who vouches for a file of results, and whether it was changed since. Ed25519 (RFC 8032) over the
 * record's JSON with sorted keys. A signature proves that the holder of a key made the record; whose key that is, a site
 * must know by its fingerprint.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail, fileError } from './errors.ts';
import { AtomicFile } from './files.ts';

export interface Signature {
  readonly algorithm: 'Ed25519';
  /** SubjectPublicKeyInfo, DER in base64. */
  readonly publicKey: string;
  /** Base64. */
  readonly value: string;
}

export type Signed<T> = T & { readonly signature: Signature };

/**
 * The private key in a PEM file. Where there is none it is made, readable by its owner alone.
 * @throws LlamaXrError FILE_FORMAT for a file that holds no Ed25519 key, FILE_WRITE.
 */
export function openSigningKey(path: string): KeyObject {
  if (!existsSync(path)) makeSigningKey(path);
  let key: KeyObject;
  try {
    key = createPrivateKey(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw fileError(error, path);
    return fail('FILE_FORMAT', `${path}: expected a private key in PEM form`, { cause: error });
  }
  if (key.asymmetricKeyType !== 'ed25519')
    fail('FILE_FORMAT', `${path}: expected an Ed25519 key, got ${key.asymmetricKeyType}`);
  return key;
}

function makeSigningKey(path: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  using file = new AtomicFile(path, { mode: 0o600 });
  file.write(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  file.commit();
}

/** The record with its signature; an earlier signature is replaced. */
export function signRecord<T extends object>(record: T, key: KeyObject): Signed<T> {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  const value = sign(null, signedBytes(record), key).toString('base64');
  return { ...record, signature: { algorithm: 'Ed25519', publicKey, value } };
}

/**
 * Checks a record read from a file and gives the fingerprint of the key that signed it: SHA-256 of the public key's DER,
 * in hexadecimal.
 * @param name of the file, for messages.
 * @throws LlamaXrError FILE_FORMAT where the signature is missing, damaged, or not of these contents.
 */
export function verifyRecord(record: unknown, name: string): string {
  const signature = (record as Partial<Signed<object>> | null)?.signature;
  if (signature?.algorithm !== 'Ed25519' || typeof signature.publicKey !== 'string')
    return fail('FILE_FORMAT', `${name}: signature: expected an Ed25519 signature, got none`);
  const der = Buffer.from(signature.publicKey, 'base64');
  let valid = false;
  try {
    const key = createPublicKey({ key: der, type: 'spki', format: 'der' });
    valid = verify(null, signedBytes(record as object), key, Buffer.from(String(signature.value), 'base64'));
  } catch (error) {
    fail('FILE_FORMAT', `${name}: signature: expected a public key and a signature in base64`, {
      cause: error,
    });
  }
  if (!valid)
    fail('FILE_FORMAT', `${name}: signature: does not fit the contents: they were changed after signing`, {
      hint: 'Ask whoever sent it for the file as it was signed.',
    });
  return createHash('sha256').update(der).digest('hex');
}

function signedBytes(record: object): Buffer {
  const { signature: _, ...rest } = record as Record<string, unknown>;
  return Buffer.from(sortedJson(JSON.parse(JSON.stringify(rest))));
}

/** JSON with the keys of every object in order, so that one content has one form. */
function sortedJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${sortedJson(inner)}`).join(',')}}`;
}
