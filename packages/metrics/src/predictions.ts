/** The file that is evaluated: one JSON object a line with `id`, `prediction` and `references`, and what helps to judge. */
import { fail, Mistakes, readJsonLines } from '@llama-xr/core';
import { z } from 'zod';

export interface Prediction {
  readonly id: string;
  readonly prediction: string;
  /** One or more reports that would have been right. */
  readonly references: readonly string[];
  /** Whether the study shows anything abnormal; worked out from the references where it is not said. */
  readonly abnormal?: boolean | undefined;
  /** The findings that the model was told, as tags: what a draft may state. */
  readonly input?: readonly string[] | undefined;
  /** The training report whose findings are nearest: the baseline to beat. */
  readonly lookup?: string | undefined;
  /** Words that every reader of the scores must see: `simulated scores`. */
  readonly notices?: readonly string[] | undefined;
  /** Who was examined and where, for scores by group; age in years or as DICOM has it (`034Y`). */
  readonly site?: string | undefined;
  readonly sex?: string | undefined;
  readonly age?: number | string | undefined;
}

export interface ReadOptions {
  /** Score an empty prediction (as nothing) instead of refusing the file. Default false. */
  readonly allowEmpty?: boolean;
}

const text = z.string({ error: 'expected text' });
const texts = z.array(text, { error: 'expected a list of texts' });
const report = text.refine((value) => value.trim() !== '', { error: 'expected a report, got an empty text' });

const schema = z.object({
  id: z.union([text.min(1, { error: 'expected an id, got an empty text' }), z.number().transform(String)], {
    error: 'expected text',
  }),
  prediction: text,
  references: z
    .array(report, { error: 'expected text or a list of texts' })
    .min(1, { error: 'expected at least one report' }),
  abnormal: z.boolean({ error: 'expected true or false' }).optional(),
  input: texts.optional(),
  lookup: text.optional(),
  notices: texts.optional(),
  site: text.optional(),
  sex: text.optional(),
  age: z.union([text, z.number()], { error: 'expected a number of years, or text as 034Y' }).optional(),
});

/** A single reference may be given as text. */
function withReferenceList(line: unknown): unknown {
  const references = (line as { references?: unknown } | null)?.references;
  return typeof references === 'string' ? { ...(line as object), references: [references] } : line;
}

/**
 * Reads predictions; fields it does not know are left out.
 * @throws LlamaXrError FILE_MISSING, or FILE_FORMAT with every mistake as `file:line: field: rule`.
 */
export async function readPredictions(
  path: string,
  { allowEmpty = false }: ReadOptions = {},
): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  const lineOfId = new Map<string, number>();
  const mistakes = new Mistakes();
  for await (const { line, value: written } of readJsonLines(path)) {
    const mistake = (rule: string) => mistakes.add(`${path}:${line}: ${rule}`);
    const value = withReferenceList(written);
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) mistake(inWords(issue, value));
      continue;
    }
    const { id, prediction } = parsed.data;
    const earlier = lineOfId.get(id);
    if (earlier !== undefined) mistake(`id: ${id} stands in line ${earlier} already`);
    if (prediction.trim() === '' && !allowEmpty) mistake('prediction: expected a report, got an empty text');
    lineOfId.set(id, line);
    predictions.push(parsed.data);
  }
  mistakes.throwIfAny('FILE_FORMAT', path);
  if (predictions.length === 0)
    fail('FILE_FORMAT', `${path}: expected at least one prediction, got an empty file`);
  return predictions;
}

/** `references[1]: expected text, got number`. */
function inWords(issue: z.core.$ZodIssue, line: unknown): string {
  if (issue.path.length === 0) return `expected an object, got ${nameOf(line)}`;
  const field = issue.path.map((part, i) =>
    typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${String(part)}`,
  );
  const got = issue.path.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown>)?.[part],
    line,
  );
  if (got === undefined) return `${field.join('')}: missing`;
  const rule = issue.message.includes(', got ') ? issue.message : `${issue.message}, got ${nameOf(got)}`;
  return `${field.join('')}: ${rule}`;
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? (value.length === 0 ? 'an empty list' : 'a list') : typeof value;
}
