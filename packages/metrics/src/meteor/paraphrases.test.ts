/** The user's data of METEOR: a small table and jar made here, and files that are not what they should be. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { meteor15 } from '../scorers/meteor-15.ts';
import { openMeteorData } from './data.ts';
import { readParaphrases } from './paraphrases.ts';
import { PhraseNumbers } from './phrase-numbers.ts';

const root = mkdtempSync(join(tmpdir(), 'llama-xr-meteor-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const TABLE = [
  '0.5',
  'no sign of',
  'without',
  '0.1',
  'no sign of',
  'free of',
  '0.3',
  'é',
  'no sign of',
  '',
].join('\n');

function folder(name: string, table: string | Buffer, jar?: Buffer): string {
  const path = join(root, name);
  mkdirSync(join(path, 'data'), { recursive: true });
  writeFileSync(join(path, 'data/paraphrase-en.gz'), typeof table === 'string' ? gzipSync(table) : table);
  if (jar !== undefined) writeFileSync(join(path, 'meteor-1.5.jar'), jar);
  return path;
}

/** A ZIP file of deflated entries. */
function zip(entries: Readonly<Record<string, string>>, declaredSize?: number): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(entries)) {
    const packed = deflateRawSync(text);
    const local = Buffer.alloc(30 + name.length);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.write(name, 30);
    const entry = Buffer.alloc(46 + name.length);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(declaredSize ?? text.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    entry.write(name, 46);
    locals.push(local, packed);
    directory.push(entry);
    at += local.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

const LEXICON = {
  'synonym/english.synsets': 'fluid\n1\neffusion\n1\n',
  'synonym/english.exceptions': 'foot\nfeet\n',
};

test('phrases get their paraphrases in the order of the file', async () => {
  const table = await readParaphrases(join(folder('small', TABLE), 'data/paraphrase-en.gz'));
  const number = (phrase: string) => table.numberOf(phrase) as number;
  expect([...table.paraphrasesOf(number('no sign of'))]).toEqual([number('without'), number('free of')]);
  expect([...table.paraphrasesOf(number('é'))]).toEqual([number('no sign of')]);
  expect([...table.paraphrasesOf(number('without'))]).toEqual([]);
  expect(table.numberOf('no sign')).toBeUndefined();
});

test('a paraphrase and a synonym of the data raise the score', async () => {
  const data = await openMeteorData(folder('whole', TABLE, zip(LEXICON)));
  const pair = { prediction: 'lungs without fluid', references: ['lungs no sign of effusion'] };
  const scoreWith = (part: typeof data) => meteor15(part).over([]).add(pair)[0] as number;
  const { synonyms, paraphrases } = data;
  expect([...(synonyms?.synsetsOf('effusion') ?? [])]).toEqual([1]);
  expect(scoreWith(data)).toBeGreaterThan(scoreWith({ ...(synonyms && { synonyms }) }));
  expect(scoreWith(data)).toBeGreaterThan(scoreWith({ ...(paraphrases && { paraphrases }) }));
  expect(meteor15(data).values).toEqual(['METEOR-1.5']);
  expect(meteor15({ ...(synonyms && { synonyms }) }).values).toEqual(['METEOR-1.5 (no paraphrases)']);
});

test.each([
  ['no gzip file', Buffer.from('plain text'), undefined, /expected a gzip file/],
  ['a cut gzip file', gzipSync(TABLE).subarray(0, 30), undefined, /expected a gzip file/],
  ['lines that are no triples', 'a\nb\n', undefined, /expected three lines a paraphrase, got 2 lines/],
  ['a line without end', 'x'.repeat(50_000), undefined, /expected lines of phrases, got 50000 bytes/],
  ['no ZIP file', TABLE, Buffer.from('nothing of the kind'), /expected a ZIP file/],
  ['a jar without synsets', TABLE, zip({ other: 'x' }), /expected an entry synonym\/english\.synsets/],
  [
    'a jar that declares too much',
    TABLE,
    zip(LEXICON, 2 ** 31),
    /expected at most 67108864 bytes, got 2147483648/,
  ],
  ['a jar that declares too little', TABLE, zip(LEXICON, 3), /cannot be read/],
])('%s is refused', async (name, table, jar, message) => {
  await expect(openMeteorData(folder(name.replaceAll(' ', '-'), table, jar))).rejects.toThrow(message);
});

test('a folder with neither file is refused', async () => {
  await expect(openMeteorData(root)).rejects.toThrow(/expected METEOR's data/);
});

test('phrases are numbered in the order they come, however many', () => {
  const numbers = new PhraseNumbers();
  const add = (phrase: string) => numbers.add(Buffer.from(phrase), 0, Buffer.byteLength(phrase));
  for (let i = 0; i < 20_000; i++) expect(add(`phrase ${i}`)).toBe(i);
  for (let i = 0; i < 20_000; i += 777) {
    expect(add(`phrase ${i}`)).toBe(i);
    expect(numbers.find(`phrase ${i}`)).toBe(i);
  }
  expect(numbers.find('another')).toBeUndefined();
  expect(numbers.size).toBe(20_000);
});
