/** Drafts of scenarios out of a file, judged: whoever wrote them, the verdict is the same. */
import { Mistakes, readJsonLines } from '@llama-xr/core';
import { z } from 'zod';
import { judgeDraft, type ScenarioVerdict } from './judge.ts';
import type { Scenario } from './scenario.ts';

const draftSchema = z.object({ id: z.string().min(1), prediction: z.string() });

export interface JudgedDrafts {
  /** In the order of the suite. */
  readonly verdicts: readonly ScenarioVerdict[];
  /** What a reader of the verdict must know. */
  readonly notices: readonly string[];
}

/**
 * @param path one JSON object a line: `id` of a scenario, `prediction`; a scenario without one is judged as silence
 * @throws LlamaXrError FILE_MISSING, FILE_FORMAT with every mistake as `file:line: field: rule`
 */
export async function judgeDraftsOf(path: string, suite: readonly Scenario[]): Promise<JudgedDrafts> {
  const known = new Set(suite.map(({ id }) => id));
  const drafts = new Map<string, string>();
  const mistakes = new Mistakes();
  for await (const { line, value } of readJsonLines(path)) {
    const parsed = draftSchema.safeParse(value);
    if (!parsed.success) {
      for (const { path: field, message } of parsed.error.issues)
        mistakes.add(`${path}:${line}: ${field.join('.') || 'line'}: ${message}`);
      continue;
    }
    const { id, prediction } = parsed.data;
    if (!known.has(id)) mistakes.add(`${path}:${line}: id: no scenario ${id}`);
    if (drafts.has(id)) mistakes.add(`${path}:${line}: id: ${id} stands above already`);
    drafts.set(id, prediction);
  }
  mistakes.throwIfAny('FILE_FORMAT', path);
  const missing = suite.filter(({ id }) => !drafts.has(id)).length;
  return {
    verdicts: suite.map((scenario) => judgeDraft(scenario, drafts.get(scenario.id) ?? '')),
    notices: missing === 0 ? [] : [`${missing} scenarios have no draft: they count as failed`],
  };
}
