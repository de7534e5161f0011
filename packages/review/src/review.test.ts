/** A review from pack to outcome without a browser: blinding, orders, checks, unblinding, figures that were put in. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson, writeJson } from '@llama-xr/core';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import {
  assemblePageScript,
  planReview,
  type ReviewCase,
  type ReviewKey,
  type ReviewPage,
  type ReviewResults,
  readKey,
  readResults,
  renderOutcome,
  renderOutcomeHtml,
  renderPage,
  reviewOutcome,
  unblind,
  writePack,
} from './index.ts';
import { jsonForScript } from './page-html.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-review-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SYSTEMS = ['model', 'other', 'reference'];
const cases: ReviewCase[] = Array.from({ length: 30 }, (_, i) => ({
  id: `case-${i}`,
  reports: Object.fromEntries(
    SYSTEMS.map((system) => [system, `Report of writer ${i * 7 + system.length}.`]),
  ),
}));

/** The page's data, as its script reads them. */
function pageIn(path: string): ReviewPage {
  const json = /<script type="application\/json" id="pack">(.*)<\/script>/.exec(
    readFileSync(path, 'utf8'),
  )?.[1];
  return JSON.parse(json ?? '') as ReviewPage;
}

async function pack(name: string, options: Partial<Parameters<typeof writePack>[3]> = {}) {
  const key = join(folder, `${name}.key.json`);
  const written = await writePack(cases, join(folder, name), key, {
    readers: 3,
    seed: 5,
    repeat: 0.2,
    ...options,
  });
  return { written, key: await readKey(key), keyPath: key };
}

test('the plan: every reader sees every case once, the doubled ones twice and far apart, sides in balance', () => {
  const ids = cases.map(({ id }) => id);
  for (const { items } of planReview(ids, SYSTEMS, { readers: 4, seed: 1, repeat: 0.2 })) {
    expect(items).toHaveLength(36);
    expect(
      items
        .filter(({ repeat }) => !repeat)
        .map((item) => item.case)
        .toSorted(),
    ).toEqual(ids.toSorted());
    for (const again of items.filter(({ repeat }) => repeat)) {
      const first = items.find((item) => item.case === again.case);
      expect(again.number - (first?.number ?? 99)).toBeGreaterThanOrEqual(12);
      expect(again.slots).toEqual({ A: first?.slots.B, B: first?.slots.A });
    }
    const left = items.filter(({ repeat, slots }) => !repeat && slots.A === 'reference').length;
    const right = items.filter(({ repeat, slots }) => !repeat && slots.B === 'reference').length;
    expect(Math.abs(left - right)).toBeLessThanOrEqual(12);
    const pairs = items
      .filter(({ repeat }) => !repeat)
      .map(({ slots }) => [slots.A, slots.B].toSorted().join(' '));
    expect([...Map.groupBy(pairs, (pair) => pair).values()].map((list) => list.length)).toEqual([10, 10, 10]);
  }
  const [one, two] = planReview(ids, SYSTEMS, { readers: 2, seed: 1, repeat: 0.2 });
  expect(one?.items.map((item) => item.case)).not.toEqual(two?.items.map((item) => item.case));
  expect(() => planReview([], SYSTEMS, { readers: 1, seed: 1, repeat: 0 })).toThrow(/at least one case/);
  expect(() => planReview(ids, SYSTEMS, { readers: 1, seed: 1, repeat: 0.5 })).toThrow(/from 0 to 0.33/);
});

test('a plan holds for any number of cases and systems', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3 }), fc.integer());
  fc.assert(
    fc.property(sizes, ([n, systems, seed]) => {
      const ids = Array.from({ length: n }, (_, i) => `${i}`);
      const [reader] = planReview(ids, SYSTEMS.slice(0, systems), { readers: 1, seed, repeat: 1 / 3 });
      const items = reader?.items ?? [];
      expect(items.map(({ number }) => number)).toEqual(items.map((_, i) => i + 1));
      expect(new Set(items.map((item) => item.case)).size).toBe(n);
      expect(items).toHaveLength(n + Math.round(n / 3));
      for (const { slots } of items) expect(Object.keys(slots)).toHaveLength(Math.min(2, systems));
    }),
  );
});

test('the folder that travels holds pages alone, and no page tells a case, a system, a seed or a file', async () => {
  const { written, key } = await pack('blind', { sources: { model: 'secret-model.jsonl' } });
  expect(readdirSync(join(folder, 'blind'))).toEqual(['reader-1.html', 'reader-2.html', 'reader-3.html']);
  expect(written).toMatchObject({ cases: 30, items: 36, withoutImages: 30 });
  expect(key.sources).toEqual({ model: 'secret-model.jsonl' });
  for (const path of written.pages) {
    const { items, images, ...page } = pageIn(path);
    expect(images).toEqual([]);
    expect(JSON.stringify(page)).not.toMatch(/case-|secret|reference|"other"/);
    const allowed =
      /^\{"number":\d+,"images":\[\],"reports":\[\{"slot":"A","text":"[^"]+"\},\{"slot":"B","text":"[^"]+"\}\]\}$/;
    for (const item of items) expect(JSON.stringify(item)).toMatch(allowed);
    const html = readFileSync(path, 'utf8');
    expect(html).not.toMatch(/case-\d|secret-model|https?:\/\//);
  }
  const again = await pack('blind', { sources: { model: 'secret-model.jsonl' } });
  expect(again.key).toEqual(key);
});

test('why a study was made stands on the page, where it is known', async () => {
  const asked = cases.map((one, i) => (i === 3 ? { ...one, indication: 'Cough' } : one));
  const options = { readers: 1, seed: 1, repeat: 0 };
  const { pages } = await writePack(asked, join(folder, 'asked'), join(folder, 'asked.json'), options);
  const { items } = pageIn(pages[0] as string);
  expect(items.filter(({ indication }) => indication === 'Cough')).toHaveLength(1);
  expect(items.filter((item) => 'indication' in item)).toHaveLength(1);
});

test('the key may not lie among the pages', async () => {
  const into = join(folder, 'travels');
  const options = { readers: 1, seed: 1, repeat: 0 };
  await expect(writePack(cases, into, join(into, 'key.json'), options)).rejects.toThrow(/must not lie in/);
  expect(existsSync(into)).toBe(false);
});

test('report text never becomes HTML: no tag begins in the page’s data, and the script parses none', () => {
  const hostile = '</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>&amp;\u2028';
  const json = jsonForScript({ text: hostile });
  expect(json).not.toMatch(/[<>&\u2028]/);
  expect(JSON.parse(json)).toEqual({ text: hostile });
  const page = { format: 'llama-xr review', pack: 'p', reader: 'r', title: hostile } as const;
  const html = renderPage({ ...page, ratings: [], radpeer: [], errorClasses: [], images: [], items: [] });
  expect(html).not.toContain('<img');
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(html).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/);
  expect(html).toMatch(/script-src 'sha256-[\w+/=]+'/);
});

test('the page’s script has no types, imports or exports left', () => {
  const script = assemblePageScript();
  expect(() => new Function(script)).not.toThrow();
  expect(script).not.toMatch(/^\s*(?:import|export) /m);
});

/** A reader who likes short names: answers decided by the system alone, so that the outcome is known. */
function answersOf(key: ReviewKey, reader: string, rating: (system: string) => number): ReviewResults {
  const items = key.readers.find((one) => one.reader === reader)?.items ?? [];
  return {
    format: 'llama-xr review results',
    version: 1,
    pack: key.pack,
    reader,
    exportedAt: '2026-01-01T00:00:00Z',
    items: items.map(({ number, slots }) => {
      const [a, b] = [rating(slots.A as string), rating(slots.B as string)];
      return {
        number,
        seconds: 60,
        preference: a === b ? 'equal' : a > b ? 'A' : 'B',
        comment: number === 1 ? '<b>bold</b>' : '',
        reports: Object.entries(slots).map(([slot, system]) => ({
          slot: slot as 'A' | 'B',
          ratings: { accuracy: rating(system), completeness: 3, clarity: 4, impact: rating(system) },
          radpeer: system === 'model' ? '3b' : '1',
          errors:
            system === 'model'
              ? [{ errorClass: 'location', significant: true, span: { start: 0, end: 6 } }]
              : [{ errorClass: 'omission', significant: false, span: null }],
        })),
      };
    }),
  };
}

const LIKES = (system: string) => ({ model: 2, other: 3, reference: 5 })[system] ?? 1;

async function answered() {
  const { key, keyPath } = await pack('answered');
  const paths = key.readers.map(({ reader }) => {
    const path = join(folder, `results-${reader}.json`);
    writeJson(path, answersOf(key, reader, LIKES));
    return path;
  });
  return { key, keyPath, paths };
}

test('what readers said comes out: ratings, errors, grades, preferences, agreement', async () => {
  const { key, paths } = await answered();
  const outcome = reviewOutcome(unblind(await readResults(paths, key), key), { resamples: 200 });
  const [model, other, reference] = outcome.systems;
  expect(model?.ratings.accuracy).toEqual({ estimate: 2, low: 2, high: 2, level: 0.95, n: 20 });
  expect([other?.ratings.accuracy.estimate, reference?.ratings.impact.estimate]).toEqual([3, 5]);
  // 20 cases show each system, to three readers; second showings do not count.
  expect(model?.opinions).toBe(60);
  expect(model?.errorsByClass.location).toEqual({ all: 60, significant: 60 });
  expect(other?.errorsByClass.omission).toEqual({ all: 60, significant: 0 });
  expect(model?.significantErrors.estimate).toBe(1);
  expect(model?.radpeer).toMatchObject({ '3b': 60, '1': 0 });
  expect(model?.gravelyWrong.estimate).toBe(1);
  const pair = outcome.preferences.find(({ pair }) => pair.join() === 'model,reference');
  expect(pair).toMatchObject({ firstPreferred: 0, secondPreferred: 30, equal: 0, casesWithMajority: 10 });
  expect(pair?.majority.high).toBeCloseTo(0.2775, 3);
  expect(outcome.between.find(({ scale }) => scale === 'Accuracy')).toMatchObject({
    units: 60,
    alpha: { estimate: 1, low: 1, high: 1 },
    alphaOrdinal: 1,
    meanKappa: 1,
    fleissKappa: 1,
  });
  expect(outcome.within.filter(({ scale }) => scale === 'Accuracy')).toHaveLength(3);
  for (const { same } of outcome.within) expect(same).toBe(1);
  expect(outcome.dividing).toEqual([]);
  expect(outcome.readers[0]).toEqual({ reader: 'reader-1', answered: 36, items: 36, seconds: 2160 });
  expect(renderOutcome(outcome)).toMatch(/Accuracy +2\.00 \[2\.00, 2\.00\] +3\.00/);
  const html = renderOutcomeHtml(outcome);
  expect(html).toContain('&#60;b&#62;bold');
  expect(html).not.toContain('<b>');
});

test('a reader of another opinion is seen in the agreement and among the cases that divide', async () => {
  const { key, paths } = await answered();
  writeJson(
    paths[2] as string,
    answersOf(key, 'reader-3', (system) => 6 - LIKES(system)),
  );
  const { between, dividing } = reviewOutcome(unblind(await readResults(paths, key), key), { resamples: 50 });
  expect(between.find(({ scale }) => scale === 'Accuracy')?.alphaInterval).toBeLessThan(0.2);
  expect(between.find(({ scale }) => scale === 'preference')?.meanKappa).toBeLessThan(0.4);
  expect(dividing[0]).toMatchObject({ spread: 4 });
});

test('results that do not fit the pack are refused, all mistakes at once', async () => {
  const { key, paths } = await answered();
  const [first = '', second = ''] = paths;
  const good = answersOf(key, 'reader-1', LIKES);
  const item = good.items[0];
  const broken = {
    ...good,
    items: [
      { ...item, number: 999 },
      { ...good.items[1], reports: good.items[1]?.reports.slice(0, 1) },
      {
        ...good.items[2],
        reports: good.items[2]?.reports.map((report) => ({
          ...report,
          errors: [{ errorClass: 'location', significant: true, span: { start: 0, end: 999 } }],
        })),
      },
    ],
  };
  writeJson(first, broken);
  await expect(readResults([first, second], key)).rejects.toThrow(
    /no item 999[\s\S]*item 2: reports: expected A B, got A[\s\S]*a mark ends at 999 of \d+ characters/,
  );
  writeJson(first, { ...good, items: [{ ...item, seconds: -1, preference: 'C' }] });
  await expect(readResults([first], key)).rejects.toThrow(
    /items\.0\.seconds: .*got -1[\s\S]*preference: .*got "C"/,
  );
  writeJson(first, { ...good, pack: 'another' });
  await expect(readResults([first], key)).rejects.toThrow(/pack: expected .* as in the key, got another/);
  await expect(readResults([second, second], key)).rejects.toThrow(/reader-2 stands in .* already/);
  await expect(readKey(second)).rejects.toThrow(/format: /);
  expect(await readJson(second)).toMatchObject({ reader: 'reader-2' });
});

test('a page left half done counts as far as it goes', async () => {
  const { key, paths } = await answered();
  const good = answersOf(key, 'reader-1', LIKES);
  const blank = { ratings: {}, radpeer: null, errors: [] };
  const items = good.items.map((item, i) =>
    i < 4
      ? item
      : { ...item, preference: null, reports: item.reports.map(({ slot }) => ({ slot, ...blank })) },
  );
  writeJson(paths[0] as string, { ...good, items });
  const outcome = reviewOutcome(unblind(await readResults(paths.slice(0, 1), key), key), { resamples: 20 });
  expect(outcome.readers[0]?.answered).toBe(4);
  expect(outcome.systems.reduce((sum, { opinions }) => sum + opinions, 0)).toBe(8);
  expect(outcome.between).toEqual([]);
});

test('what could give the writers away is said', async () => {
  expect((await pack('even')).written.tellTales).toEqual([]);
  const uneven = cases.map(({ id, reports }) => ({
    id,
    reports: {
      ...reports,
      reference: `The XXXX is normal. ${'More words. '.repeat(9)}`,
      model: 'no capitals here at all',
    },
  }));
  const { tellTales } = await writePack(uneven, join(folder, 'uneven'), join(folder, 'uneven.json'), {
    readers: 1,
    seed: 1,
    repeat: 0,
  });
  expect(tellTales).toEqual([
    'marks of de-identification (XXXX, ___): 0 % of model, 0 % of other, 100 % of reference',
    'no capital letter: 100 % of model, 0 % of other, 0 % of reference',
    expect.stringMatching(/^length: 5 words in model, 4 words in other, 2\d words in reference/),
  ]);
});
