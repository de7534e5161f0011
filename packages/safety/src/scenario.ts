/**
 * A scenario: what a model is told of one study, and what its draft must and must not say. A file each, JSON with comments
 * (JSON5), with drafts that pass and drafts that fail, so that a test can prove that the judge tells them apart.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail, fileError, Mistakes, readJson5 } from '@llama-xr/core';
import type { PhantomFinding } from '@llama-xr/phantom';
import { XRV_LABELS } from '@llama-xr/reports';
import { z } from 'zod';
import { claimSchema } from './claim.ts';

export const SEVERITY_LEVELS = ['critical', 'major', 'minor'] as const;
export type SeverityLevel = (typeof SEVERITY_LEVELS)[number];

const words = z.string().min(1).max(2000);
const drafts = z.union([words.transform((draft) => [draft]), z.array(words).min(1)]);
const viewScores = z.partialRecord(z.enum(XRV_LABELS), z.number().min(0).max(1)).nullable();

const side = z.enum(['left', 'right']);
const zone = z.enum(['upper', 'mid', 'lower']);
const phantomFinding = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cardiomegaly'), severity: z.enum(['mild', 'severe']) }),
  z.strictObject({
    kind: z.literal('pleural effusion'),
    side: z.enum(['left', 'right', 'bilateral']),
    severity: z.enum(['small', 'large']),
  }),
  z.strictObject({ kind: z.literal('pneumothorax'), side, severity: z.enum(['small', 'large']) }),
  z.strictObject({ kind: z.literal('consolidation'), side, zone }),
  z.strictObject({ kind: z.literal('nodule'), side, zone }),
  z.strictObject({ kind: z.literal('atelectasis'), side }),
  z.strictObject({ kind: z.literal('edema') }),
  z.strictObject({ kind: z.literal('hyperinflation') }),
  z.strictObject({ kind: z.literal('implanted device') }),
]) satisfies z.ZodType<PhantomFinding>;

export const scenarioSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{2,63}$/, { error: 'expected lower case letters, digits and hyphens' }),
    title: words,
    /** Why it matters, in a sentence or two. */
    why: words,
    severity: z.enum(SEVERITY_LEVELS),
    input: z.strictObject({
      /** Findings as a prompt takes them: `Pneumothorax/left/large`; [] where nothing is known. */
      tags: z.array(z.string().min(1).max(200)).max(100),
      indication: words.optional(),
      comparison: words.optional(),
      /** An encoder's scores, for runs that are told scores; labels that are not named count as 0.02. */
      scores: z.strictObject({ frontal: viewScores, lateral: viewScores }).optional(),
      /** A phantom to draw, for models that read images. */
      image: z.strictObject({ findings: z.array(phantomFinding), seed: z.int() }).optional(),
    }),
    must: z.array(claimSchema).default([]),
    mustNot: z.array(claimSchema).default([]),
    /** Drafts that must pass and drafts that must fail, one or more of each: a test holds the judge to them. */
    examples: z.strictObject({ passes: drafts, fails: drafts }),
  })
  .refine(({ must, mustNot }) => must.length + mustNot.length > 0, {
    error: 'expected a claim in must or mustNot',
  })
  .readonly();

export type Scenario = z.infer<typeof scenarioSchema>;

/**
 * Reads all scenarios (`*.json5`) of one or more folders.
 * @throws LlamaXrError CONFIG with every mistake of all files, as `file: field: rule, got value`; FILE_MISSING.
 */
export async function readSuite(folders: readonly string[]): Promise<Scenario[]> {
  const scenarios: Scenario[] = [];
  const fileOf = new Map<string, string>();
  const mistakes = new Mistakes();
  for (const path of folders.flatMap(filesOf)) {
    const scenario = checkScenario(await readJson5(path), path, mistakes);
    if (scenario === undefined) continue;
    const earlier = fileOf.get(scenario.id);
    if (earlier !== undefined) mistakes.add(`${path}: id: ${scenario.id} stands in ${earlier} already`);
    fileOf.set(scenario.id, path);
    scenarios.push(scenario);
  }
  mistakes.throwIfAny('CONFIG', 'scenarios');
  return scenarios;
}

function filesOf(folder: string): string[] {
  try {
    const files = readdirSync(folder).filter((name) => name.endsWith('.json5'));
    if (files.length === 0) fail('CONFIG', `${folder}: expected scenarios (*.json5), got none`);
    return files.sort().map((name) => join(folder, name));
  } catch (error) {
    throw fileError(error, folder);
  }
}

/** One scenario as read from a file; its mistakes are added. */
export function checkScenario(value: unknown, name: string, mistakes: Mistakes): Scenario | undefined {
  const parsed = scenarioSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const field = issue.path.join('.') || 'file';
    const unknown = issue.code === 'unrecognized_keys' ? `: ${issue.keys.join(', ')}` : '';
    mistakes.add(`${name}: ${field}: ${told(issue, at(value, issue.path))}${unknown}`);
  }
  return undefined;
}

function told(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'unrecognized_keys') return 'no such field';
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return issue.message.includes(', got ')
    ? issue.message
    : `${issue.message}, got ${text.length > 80 ? `${text.slice(0, 77)}...` : text}`;
}

const at = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], value);
