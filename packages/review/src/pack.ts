/**
 * A review pack: one page a reader in a folder that travels, and the key that says whose report is whose, which does not.
 * The same cases, systems and seed give the same pack.
 */
import { isAbsolute, join, relative, resolve } from 'node:path';
import { fail, sha256, writeFileAtomic, writeJson } from '@llama-xr/core';
import type { PageImage, ReviewPage, Slot } from './page-data.ts';
import { PACK_FORMAT } from './page-data.ts';
import { renderPage } from './page-html.ts';
import { type PlannedReader, type PlanOptions, planReview } from './plan.ts';
import { ERROR_CLASSES, RADPEER, RATINGS } from './scales.ts';
import { tellTales } from './tell-tales.ts';

export interface ReviewCase {
  readonly id: string;
  /** Why the study was made: the readers see it. */
  readonly indication?: string;
  /** By system: `model`, `reference`, `other`. Every case has a report of each system. */
  readonly reports: Readonly<Record<string, string>>;
}

export interface PackOptions extends PlanOptions {
  readonly title?: string;
  /** Where each system's reports came from: kept in the key. */
  readonly sources?: Readonly<Record<string, string>>;
  /** The images of a case, ready for the page; default none. */
  readonly imagesOf?: (id: string) => Promise<readonly PageImage[]>;
}

export const KEY_FORMAT = 'llama-xr review key';

/** What undoes the blinding. */
export interface ReviewKey {
  readonly format: typeof KEY_FORMAT;
  readonly version: 1;
  readonly pack: string;
  readonly seed: number;
  readonly systems: readonly string[];
  readonly sources: Readonly<Record<string, string>>;
  readonly readers: readonly PlannedReader[];
  /** Characters of each report, by case and system: marks must lie inside. */
  readonly lengths: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface WrittenPack {
  readonly pack: string;
  readonly pages: readonly string[];
  readonly cases: number;
  /** Items on each page, doubled cases counted twice. */
  readonly items: number;
  /** Cases without any image. */
  readonly withoutImages: number;
  /** What could give the writers away, in sentences. */
  readonly tellTales: readonly string[];
}

/** Writes `<folder>/<reader>.html` for each reader, and the key to `keyPath`. @throws LlamaXrError INPUT, FILE_WRITE. */
export async function writePack(
  cases: readonly ReviewCase[],
  folder: string,
  keyPath: string,
  options: PackOptions,
): Promise<WrittenPack> {
  const { seed, sources = {}, title = 'Review of chest X-ray reports', imagesOf } = options;
  if (isInside(keyPath, folder))
    fail('INPUT', `${keyPath}: the key must not lie in ${folder}: that folder travels to the readers`);
  const systems = systemsOf(cases);
  const ids = cases.map(({ id }) => id);
  const readers = planReview(ids, systems, options);
  const pack = sha256(JSON.stringify([cases, readers])).slice(0, 16);
  const pictures = await gather(ids, imagesOf);
  const pages = readers.map((planned) => {
    const path = join(folder, `${planned.reader}.html`);
    writeFileAtomic(path, renderPage(pageOf(planned, cases, pictures, { pack, title })));
    return path;
  });
  const lengths = Object.fromEntries(cases.map(({ id, reports }) => [id, lengthsOf(reports)]));
  const key: ReviewKey = { format: KEY_FORMAT, version: 1, pack, seed, systems, sources, readers, lengths };
  writeJson(keyPath, key);
  return {
    pack,
    pages,
    cases: cases.length,
    items: readers[0]?.items.length ?? 0,
    withoutImages: ids.filter((id) => pictures.placesOf.get(id)?.length === 0).length,
    tellTales: tellTales(cases),
  };
}

function isInside(path: string, folder: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return !way.startsWith('..') && !isAbsolute(way);
}

/** All images once, and where those of each case lie among them. */
interface Pictures {
  readonly images: readonly PageImage[];
  readonly placesOf: ReadonlyMap<string, readonly number[]>;
}

async function gather(ids: readonly string[], imagesOf: PackOptions['imagesOf']): Promise<Pictures> {
  const images: PageImage[] = [];
  const placesOf = new Map<string, number[]>();
  for (const id of ids) {
    const own = (await imagesOf?.(id)) ?? [];
    placesOf.set(
      id,
      own.map((image) => images.push(image) - 1),
    );
  }
  return { images, placesOf };
}

const lengthsOf = (reports: ReviewCase['reports']): Record<string, number> =>
  Object.fromEntries(Object.entries(reports).map(([system, text]) => [system, text.length]));

function systemsOf(cases: readonly ReviewCase[]): string[] {
  const systems = Object.keys(cases[0]?.reports ?? {});
  for (const { id, reports } of cases) {
    const missing = systems.filter((system) => reports[system] === undefined);
    if (missing.length > 0)
      fail('INPUT', `review: case ${id}: expected a report of ${missing.join(', ')}, got none`);
  }
  return systems;
}

function pageOf(
  { reader, items }: PlannedReader,
  cases: readonly ReviewCase[],
  { images, placesOf }: Pictures,
  { pack, title }: { pack: string; title: string },
): ReviewPage {
  const byId = new Map(cases.map((one) => [one.id, one]));
  return {
    format: PACK_FORMAT,
    pack,
    reader,
    title,
    ratings: RATINGS,
    radpeer: RADPEER,
    errorClasses: ERROR_CLASSES,
    images,
    items: items.map((item) => ({
      number: item.number,
      ...indicationOf(byId.get(item.case)),
      images: placesOf.get(item.case) ?? [],
      reports: Object.entries(item.slots).map(([slot, system]) => ({
        slot: slot as Slot,
        text: byId.get(item.case)?.reports[system] ?? '',
      })),
    })),
  };
}

const indicationOf = (one: ReviewCase | undefined): Pick<ReviewCase, 'indication'> =>
  one?.indication === undefined ? {} : { indication: one.indication };
