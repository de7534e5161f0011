/** Results as readers send them back, checked against the pack that they answer. All mistakes of all files at once. */
import { fail, Mistakes, readJson } from '@llama-xr/core';
import { z } from 'zod';
import { KEY_FORMAT, type ReviewKey } from './pack.ts';
import { RESULTS_FORMAT, type ReviewResults, type Slot } from './page-data.ts';
import { ERROR_CLASS_IDS, RADPEER_GRADES, RATING_IDS } from './scales.ts';

const slot = z.enum(['A', 'B']);
const text = z.string();
const place = z.int().min(0);

const errorMark = z.strictObject({
  errorClass: z.enum(ERROR_CLASS_IDS),
  significant: z.boolean(),
  span: z
    .strictObject({ start: place, end: place })
    .refine(({ start, end }) => start < end, 'expected the start before the end')
    .nullable(),
});

const resultsSchema = z.strictObject({
  format: z.literal(RESULTS_FORMAT),
  version: z.literal(1),
  pack: text,
  reader: text,
  exportedAt: text,
  items: z
    .array(
      z.strictObject({
        number: z.int().min(1),
        seconds: z.number().min(0),
        preference: z.enum(['A', 'B', 'equal']).nullable(),
        comment: text.max(5000),
        reports: z
          .array(
            z.strictObject({
              slot,
              ratings: z.partialRecord(z.enum(RATING_IDS), z.int().min(1).max(5)),
              radpeer: z.enum(RADPEER_GRADES).nullable(),
              errors: z.array(errorMark).max(500),
            }),
          )
          .max(2),
      }),
    )
    .max(100_000),
});

const keySchema = z.strictObject({
  format: z.literal(KEY_FORMAT),
  version: z.literal(1),
  pack: text,
  seed: z.number(),
  systems: z.array(text).min(1),
  sources: z.record(text, text),
  readers: z.array(
    z.strictObject({
      reader: text,
      items: z.array(
        z.strictObject({
          number: z.int(),
          case: text,
          repeat: z.boolean(),
          slots: z.partialRecord(slot, text),
        }),
      ),
    }),
  ),
  lengths: z.record(text, z.record(text, place)),
});

/** @throws LlamaXrError FILE_MISSING, FILE_FORMAT with every mistake as `field: rule, got value`. */
export async function readKey(path: string): Promise<ReviewKey> {
  const mistakes = new Mistakes();
  const key = check(keySchema, await readJson(path), path, mistakes);
  mistakes.throwIfAny('FILE_FORMAT', path);
  return (key ?? fail('FILE_FORMAT', `${path}: not a review key`)) as ReviewKey;
}

/**
 * Reads the readers' files. A page half done is read as far as it goes.
 * @throws LlamaXrError FILE_MISSING, FILE_FORMAT: foreign packs and readers, a reader twice, items and marks that the
 *   pack does not have.
 */
export async function readResults(paths: readonly string[], key: ReviewKey): Promise<ReviewResults[]> {
  const mistakes = new Mistakes();
  const all: ReviewResults[] = [];
  const fileOf = new Map<string, string>();
  for (const path of paths) {
    const results = check(resultsSchema, await readJson(path), path, mistakes) as ReviewResults | undefined;
    if (results === undefined) continue;
    const earlier = fileOf.get(results.reader);
    if (earlier !== undefined)
      mistakes.add(`${path}: reader: ${results.reader} stands in ${earlier} already`);
    fileOf.set(results.reader, path);
    for (const mistake of misfits(results, key)) mistakes.add(`${path}: ${mistake}`);
    all.push(results);
  }
  mistakes.throwIfAny('FILE_FORMAT', 'results');
  return all;
}

function* misfits({ pack, reader, items }: ReviewResults, key: ReviewKey): Generator<string> {
  if (pack !== key.pack) {
    yield `pack: expected ${key.pack} as in the key, got ${pack}`;
    return;
  }
  const planned = key.readers.find((one) => one.reader === reader);
  if (planned === undefined) {
    yield `reader: expected one of ${key.readers.map((one) => one.reader).join(', ')}, got ${reader}`;
    return;
  }
  const plannedItems = new Map(planned.items.map((item) => [item.number, item]));
  const seen = new Set<number>();
  for (const { number, reports, preference } of items) {
    const item = plannedItems.get(number);
    if (item === undefined || seen.has(number)) {
      yield `items: number: ${item === undefined ? `no item ${number} in the pack` : `${number} stands twice`}`;
      continue;
    }
    seen.add(number);
    const slots = Object.keys(item.slots).join(' ');
    const given = reports.map((report) => report.slot).join(' ');
    if (given !== slots) yield `item ${number}: reports: expected ${slots}, got ${given || 'none'}`;
    if (preference !== null && reports.length < 2) yield `item ${number}: preference: there is one report`;
    for (const report of reports) {
      const length = key.lengths[item.case]?.[item.slots[report.slot as Slot] ?? ''] ?? 0;
      for (const { span } of report.errors)
        if (span !== null && span.end > length)
          yield `item ${number}: report ${report.slot}: a mark ends at ${span.end} of ${length} characters`;
    }
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, path: string, mistakes: Mistakes): T | undefined {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { path: field, message } of parsed.error.issues)
    mistakes.add(`${path}: ${field.join('.') || 'file'}: ${message}, got ${shortly(at(value, field))}`);
  return undefined;
}

const at = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], value);

function shortly(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
