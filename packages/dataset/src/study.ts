/**
 * The study: one examination with its views, its report and what is known of its findings. This is the form that all
 * sources become and all later steps read, one JSON object a line.
 */
import { NIH_LABELS, XRV_LABELS } from '@llama-xr/reports';
import { z } from 'zod';

export const SPLITS = ['train', 'val', 'test'] as const;
export type Split = (typeof SPLITS)[number];

export const PROJECTIONS = ['frontal', 'lateral', 'unknown'] as const;
export type Projection = (typeof PROJECTIONS)[number];

const name = z.string().min(1).max(512);
const text = z.string().max(100_000);
const score = z.number().min(0).max(1);
/** One view's 18 scores in the order of XRV_LABELS, each in [0, 1], 0.5 the operating threshold. */
const viewScores = z.array(score).length(XRV_LABELS.length).nullable();

const label = z.union([z.literal(0), z.literal(1)]);

export const studySchema = z
  .strictObject({
    id: name,
    /** Studies of one patient share it; splits keep it together. */
    patient: name,
    split: z.enum(SPLITS),
    /** A path is relative to the data folder or absolute, and only there when the file was found. */
    views: z.array(z.strictObject({ id: name, path: name.optional(), projection: z.enum(PROJECTIONS) })),
    findings: text,
    impression: text,
    /** The text to be learned and compared with: findings, impression or both. */
    report: text.min(1),
    indication: text.optional(),
    comparison: text.optional(),
    /** What was written of the patient's study before this one, where the source tells their order. */
    prior: text.optional(),
    /** MeSH-like `finding/place/side/degree`; [] when none are known, ['normal'] when there is nothing to note. */
    tags: z.array(name),
    /** Expert labels by NIH name; a label that is missing is not known. */
    labels: z.partialRecord(z.enum(NIH_LABELS), label).optional(),
    scores: z
      .strictObject({ frontal: viewScores, lateral: viewScores, source: z.enum(['encoder', 'simulated']) })
      .refine(
        (scores) => scores.frontal !== null || scores.lateral !== null,
        'expected scores of at least one view',
      )
      .optional(),
    abnormal: z.boolean(),
  })
  .readonly();

export type Study = z.infer<typeof studySchema>;
export type StudyScores = NonNullable<Study['scores']>;
export type StudyView = Study['views'][number];

/** The mistakes of one value against a schema, as `path: expected ..., got ...` in few words. */
export function mistakesOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    const where = issue.path.join('.');
    return where === '' ? issue.message : `${where}: ${issue.message}`;
  });
}
