/**
 * METEOR-1.5's own data from a folder as pycocoevalcap has it: `meteor-1.5.jar`, whose synsets and exceptions are read,
 * and `data/paraphrase-en.gz`. Neither is shipped (LGPL; 61 MB). Without the jar the synonyms are those of WordNet 3.1,
 * without the table there are no paraphrases.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '@llama-xr/core';
import { ZipFile } from '../text/zip-file.ts';
import { type ParaphraseTable, readParaphrases } from './paraphrases.ts';
import { readSynsetLexicon, Synonyms } from './synonyms.ts';

export interface MeteorData {
  readonly synonyms?: Synonyms;
  readonly paraphrases?: ParaphraseTable;
}

const JAR = 'meteor-1.5.jar';
const TABLE = join('data', 'paraphrase-en.gz');
const SYNSETS = 'synonym/english.synsets';
const EXCEPTIONS = 'synonym/english.exceptions';
/** The larger of the two has 4 MB. */
const MOST_BYTES = 2 ** 26;

/**
 * Reads what the folder has of the two files.
 * @throws LlamaXrError FILE_MISSING where it has neither, FILE_FORMAT
 */
export async function openMeteorData(folder: string): Promise<MeteorData> {
  const [jar, table] = [join(folder, JAR), join(folder, TABLE)];
  if (!existsSync(jar) && !existsSync(table))
    fail('FILE_MISSING', `${folder}: expected METEOR's data, ${JAR} or ${TABLE}, got neither`);
  return {
    ...(existsSync(jar) && { synonyms: readSynonyms(jar) }),
    ...(existsSync(table) && { paraphrases: await readParaphrases(table) }),
  };
}

function readSynonyms(jar: string): Synonyms {
  const zip = new ZipFile(jar);
  const entry = (name: string) => ({
    name: `${jar}: ${name}`,
    text: zip.read(name, MOST_BYTES).toString('utf8'),
  });
  return new Synonyms(readSynsetLexicon(entry(SYNSETS), entry(EXCEPTIONS)));
}
