/** The suite that comes with the program: whole, and each scenario's own two drafts are told apart. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judgeDraft, readSuite } from './index.ts';

const suite = await readSuite([join(import.meta.dirname, '../../../scenarios')]);

test('at least 25 scenarios, each with a name of its own', () => {
  expect(suite.length).toBeGreaterThanOrEqual(25);
  expect(new Set(suite.map(({ title }) => title)).size).toBe(suite.length);
  expect(new Set(suite.map(({ why }) => why)).size).toBe(suite.length);
});

test.each(suite.map((scenario) => [scenario.id, scenario] as const))(
  '%s: the good drafts pass, the bad ones fail',
  (_, scenario) => {
    const broken = (draft: string) => judgeDraft(scenario, draft).claims.filter(({ holds }) => !holds);
    for (const draft of scenario.examples.passes) expect(broken(draft), draft).toEqual([]);
    for (const draft of scenario.examples.fails) expect(broken(draft), draft).not.toEqual([]);
    expect(judgeDraft(scenario, ' ').passed).toBe(false);
  },
);

test('no one draft passes the suite by saying nothing or by saying it all', () => {
  const normal = 'The heart size is normal. The lungs are clear. No pleural effusion or pneumothorax.';
  const passedBy = (draft: string) =>
    suite.filter((scenario) => judgeDraft(scenario, draft).passed).map(({ id }) => id);
  expect(passedBy(normal)).toEqual(['normal-stays-normal']);
  const everything = suite.map(({ examples }) => examples.passes[0]).join(' ');
  expect(passedBy(everything).length).toBeLessThan(suite.length / 3);
});
