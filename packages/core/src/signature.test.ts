import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openSigningKey, signRecord, verifyRecord } from './signature.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-signature-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'keys/signing.pem');

test('a key is made once, for its owner alone, and signs ever after', () => {
  const first = signRecord({ a: 1 }, openSigningKey(path));
  const text = readFileSync(path, 'utf8');
  const again = signRecord({ a: 1 }, openSigningKey(path));
  expect(readFileSync(path, 'utf8')).toBe(text);
  expect(again).toEqual(first);
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o077).toBe(0);
});

test('any record can be signed, written, read in another order of keys, and verified; any change is seen', () => {
  const key = openSigningKey(path);
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
      const { signature: _, ...rest } = record;
      const signed = signRecord(rest, key);
      const read = JSON.parse(JSON.stringify(signed)) as typeof signed;
      const reversed = Object.fromEntries(Object.entries(read).reverse());
      expect(verifyRecord(reversed, 'x.json')).toMatch(/^[0-9a-f]{64}$/);
      expect(() => verifyRecord({ ...read, added: 1 }, 'x.json')).toThrow(/x\.json: signature: does not fit/);
    }),
    { numRuns: 50 },
  );
});

test('no signature, a damaged one, a foreign key file', () => {
  expect(() => verifyRecord({ a: 1 }, 'x.json')).toThrow(/expected an Ed25519 signature, got none/);
  const signed = signRecord({ a: 1 }, openSigningKey(path));
  const damaged = { ...signed, signature: { ...signed.signature, publicKey: 'AAAA' } };
  expect(() => verifyRecord(damaged, 'x.json')).toThrow(/expected a public key and a signature/);
  const foreign = join(folder, 'foreign.pem');
  writeFileSync(foreign, 'not a key');
  expect(() => openSigningKey(foreign)).toThrow(/foreign\.pem: expected a private key in PEM form/);
});
