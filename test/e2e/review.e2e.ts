/**
 * A review as radiologists see it: a pack made by the command, its page opened from the disk in Chromium, all ratings
 * filled in, marks set by mouse and by sentence, results exported, imported, and the figures that were put in come out.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePhantoms } from '../../packages/phantom/src/index.ts';
import type { ReviewResults } from '../../packages/review/src/index.ts';
import { lacks, llamaXr, scratchFolder } from './peers.ts';

const HOSTILE = '</script><img src=x onerror="window.hacked=1"><script>window.hacked=1</script> & "quoted".';
const STUDIES = 4;

interface Outcome {
  systems: {
    system: string;
    ratings: Record<string, { estimate: number }>;
    errorsByClass: Record<string, { all: number }>;
  }[];
  preferences: { firstPreferred: number; secondPreferred: number; equal: number }[];
  readers: { reader: string; answered: number }[];
}

describe.skipIf(lacks('chromium'))('review in Chromium (needs chromium)', () => {
  const folder = scratchFolder();
  const path = (...name: string[]) => join(folder, ...name);
  let browser: Browser;
  let page: Page;
  const requests: string[] = [];
  const mistakes: string[] = [];

  beforeAll(async () => {
    const studies = await makePhantoms(path('phantoms'), { count: STUDIES, seed: 1, size: 64 });
    llamaXr('prepare', path('phantoms'), '--format', 'phantom', '--out', path('data'));
    const lines = studies.map(({ id, report }, i) =>
      JSON.stringify({
        id,
        prediction: i === 0 ? HOSTILE : `Draft ${i}. The lungs are clear.`,
        references: [report],
      }),
    );
    writeFileSync(path('drafts.jsonl'), `${lines.join('\n')}\n`);
    llamaXr(
      'review-pack',
      path('drafts.jsonl'),
      '--references',
      '--data',
      path('data'),
      '--out',
      path('pack'),
      '--readers',
      '1',
      '--repeat',
      '0.25',
    );
    const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
    // As root, as in a container, Chromium runs without its sandbox or not at all.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    page = await browser.newPage({ acceptDownloads: true, viewport: { width: 1440, height: 1000 } });
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => mistakes.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && mistakes.push(message.text()));
    await page.goto(pathToFileURL(path('pack/reader-1.html')).href);
  });
  afterAll(async () => await browser?.close());

  /** Fills in the item on the screen: the draft gets 2, the reference 5, and the reference is preferred. */
  async function judge(): Promise<void> {
    const slots: Record<string, boolean> = {};
    for (const slot of ['A', 'B']) {
      const card = page.getByRole('region', { name: `Report ${slot}` });
      const text = (await card.getByLabel(`Text of report ${slot}`).textContent()) ?? '';
      const draft = text === HOSTILE || text.startsWith('Draft');
      slots[slot] = draft;
      for (const group of ['Accuracy', 'Completeness', 'Clarity', 'Clinical impact'])
        await card
          .getByRole('group', { name: group })
          .getByLabel(draft ? '2' : '5', { exact: true })
          .check();
      await card
        .getByRole('group', { name: 'RADPEER' })
        .getByLabel(draft ? '3b' : '1', { exact: true })
        .check();
      if (draft) await mark(slot);
    }
    const better = slots.A ? 'Report B' : 'Report A';
    await page.getByRole('group', { name: 'rather sign' }).getByLabel(better).check();
  }

  /** One error on the first sentence, one that something is missing, one on words selected with the mouse. */
  async function mark(slot: string): Promise<void> {
    const card = page.getByRole('region', { name: `Report ${slot}` });
    const add = card.getByRole('button', { name: `Mark error in report ${slot}` });
    await card.getByLabel(`Kind of error in report ${slot}`).selectOption('false-finding');
    await card.getByLabel(`Where in report ${slot}`).selectOption('0');
    await add.click();
    await card.getByLabel(`Kind of error in report ${slot}`).selectOption('omission');
    await card.getByLabel(`Where in report ${slot}`).selectOption('missing');
    await card.getByLabel('clinically significant').check();
    await add.click();
    await card.getByLabel(`Where in report ${slot}`).selectOption('selection');
    await card.getByLabel(`Text of report ${slot}`).click({ clickCount: 2, position: { x: 30, y: 20 } });
    await add.click();
    expect(await card.getByRole('listitem').count()).toBe(3);
  }

  test('images and reports are shown, hostile text as text, and nothing is fetched', async () => {
    await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('Case 1 of 5');
    const image = page.getByRole('img').first();
    expect(
      await image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth),
    ).toBe(64);
    const seen: string[] = [];
    for (let i = 0; i < 5; i++) {
      for (const slot of ['A', 'B'])
        seen.push((await page.getByLabel(`Text of report ${slot}`).textContent()) ?? '');
      await page.getByRole('button', { name: 'Next' }).click();
    }
    expect(seen).toContain(HOSTILE);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.locator('main script, main .report img').count()).toBe(0);
    expect(requests.filter((url) => !url.startsWith('file:') && !url.startsWith('data:'))).toEqual([]);
    expect(mistakes).toEqual([]);
  });

  test('keys move between cases, every control has a name, and half the work is kept over a reload', async () => {
    await page.getByLabel('Go to case').selectOption('0');
    await page.keyboard.press('n');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Case 2 of 5');
    // A letter typed in a comment is a letter.
    await page.getByLabel('Comment').press('n');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Case 2 of 5');
    await page.getByRole('heading', { level: 1 }).focus();
    await page.keyboard.press('p');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Case 1 of 5');
    const nameless = await page.locator('button, select, textarea, input').evaluateAll(
      (controls) =>
        controls.filter((control) => {
          const { labels } = control as unknown as { labels?: ArrayLike<unknown> };
          return !control.getAttribute('aria-label') && !control.textContent?.trim() && !labels?.length;
        }).length,
    );
    expect(nameless).toBe(0);
    await judge();
    expect(await page.getByRole('status').first().textContent()).toBe('1 of 5 cases done.');
    await page.reload();
    expect(await page.getByRole('status').first().textContent()).toBe('1 of 5 cases done.');
    // It goes on where work is left.
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Case 2 of 5');
  });

  test('a mark can be taken back', async () => {
    await page.getByLabel('Where in report A').selectOption('missing');
    await page.getByRole('button', { name: 'Mark error in report A' }).click();
    await page.getByRole('button', { name: /Remove mark/ }).click();
    expect(await page.getByRole('button', { name: /Remove mark/ }).count()).toBe(0);
  });

  test('all ratings filled in, exported and imported: the figures come out', async () => {
    for (let i = 1; i < 5; i++) {
      await page.getByLabel('Go to case').selectOption(String(i));
      await judge();
    }
    await page.getByLabel('Comment').fill('<b>too long</b>');
    expect(await page.getByRole('status').first().textContent()).toBe('5 of 5 cases done.');
    const picture = process.env.LLAMA_XR_SCREENSHOT;
    if (picture !== undefined) await page.screenshot({ path: picture, fullPage: true });
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export results' }).click();
    const download = await waiting;
    expect(download.suggestedFilename()).toBe('results-reader-1.json');
    mkdirSync(path('results'));
    await download.saveAs(path('results/results-reader-1.json'));
    const results = JSON.parse(readFileSync(path('results/results-reader-1.json'), 'utf8')) as ReviewResults;
    const spans = results.items.flatMap(({ reports }) =>
      reports.flatMap(({ errors }) => errors.map(({ span }) => span)),
    );
    expect(spans).toHaveLength(15);
    expect(spans.filter((span) => span === null)).toHaveLength(5);

    const outcome = llamaXr(
      'review-import',
      path('results/results-reader-1.json'),
      '--key',
      path('pack.key.json'),
      '--out',
      path('outcome'),
    ) as Outcome;
    const [model, reference] = outcome.systems;
    expect([model?.ratings.accuracy?.estimate, reference?.ratings.impact?.estimate]).toEqual([2, 5]);
    expect(model?.errorsByClass).toMatchObject({ omission: { all: 8 }, 'false-finding': { all: STUDIES } });
    expect(outcome.preferences).toEqual([
      expect.objectContaining({ firstPreferred: 0, secondPreferred: STUDIES, equal: 0 }),
    ]);
    expect(outcome.readers).toEqual([expect.objectContaining({ reader: 'reader-1', answered: 5 })]);
    expect(readFileSync(path('outcome/review.html'), 'utf8')).toContain('&#60;b&#62;too long');
    expect(mistakes).toEqual([]);
  });
});
