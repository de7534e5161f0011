/**
 * Entities and relations that RadGraph or RadGraph-XL (Jain et al., 2021; Delbrouck et al., 2024) has found, from the JSON that
 * the Python package `radgraph` writes. The model itself is not run here: DyGIE++ lists and prunes spans and then propagates
 * over them in Python, and no ONNX graph of it would be worth its name.
 */
import { fail, readJson } from '@llama-xr/core';
import { z } from 'zod';

/** As `reportGraph` of the package reports gives it. */
export interface RadgraphGraph {
  /** The text as RadGraph has split it, tokens joined by spaces. */
  readonly report: string;
  readonly entities: readonly RadgraphEntity[];
  /** By the indices of entities. */
  readonly relations: readonly {
    readonly from: number;
    readonly to: number;
    readonly kind: 'located_at' | 'modify' | 'suggestive_of';
  }[];
}

export interface RadgraphEntity {
  readonly text: string;
  readonly kind: 'observation' | 'anatomy';
  readonly certainty: 'present' | 'absent' | 'uncertain';
  /** Characters of `report`. */
  readonly start: number;
  readonly end: number;
}

/** Labels of RadGraph-XL, measurements among them, and the short ones of the first RadGraph. */
const LABEL =
  /^(?:(observation|anatomy)(?:::measurement)?::(?:definitely )?(present|absent|uncertain)|(obs|anat)-(dp|da|u))$/i;
const CERTAINTIES = { dp: 'present', da: 'absent', u: 'uncertain' } as const;

function readLabel(label: string): Pick<RadgraphEntity, 'kind' | 'certainty'> {
  const [, kind, certainty, shortKind, shortCertainty] = LABEL.exec(label.toLowerCase()) ?? [];
  return {
    kind: (kind ?? shortKind)?.startsWith('obs') ? 'observation' : 'anatomy',
    certainty: (certainty ??
      CERTAINTIES[shortCertainty as keyof typeof CERTAINTIES]) as RadgraphEntity['certainty'],
  };
}

const index = z.number().int().nonnegative();
const schema = z.record(
  z.string(),
  z.object({
    text: z.string(),
    entities: z.record(
      z.string(),
      z.object({
        label: z.string().regex(LABEL, { error: 'unknown label' }),
        /** First and last token, from 0. */
        start_ix: index,
        end_ix: index,
        relations: z.array(z.tuple([z.enum(['located_at', 'modify', 'suggestive_of']), z.string()])),
      }),
    ),
  }),
);
type Annotation = z.infer<typeof schema>[string];

/**
 * Reads the annotations of many reports, by the keys of the file.
 * @throws LlamaXrError FILE_MISSING, or FILE_FORMAT naming the report and the entity.
 */
export async function readRadgraph(path: string): Promise<Map<string, RadgraphGraph>> {
  const parsed = schema.safeParse(await readJson(path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    fail('FILE_FORMAT', `${path}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return new Map(
    Object.entries(parsed.data).map(([id, annotation]) => [id, graphOf(`${path}: ${id}`, annotation)]),
  );
}

function graphOf(name: string, { text, entities }: Annotation): RadgraphGraph {
  const spans = [...text.matchAll(/\S+/g)].map((word) => [word.index, word.index + word[0].length] as const);
  const keys = Object.keys(entities);
  const spanOf = (key: string, token: number) =>
    spans[token] ??
    fail('FILE_FORMAT', `${name}: entity ${key}: expected a token below ${spans.length}, got ${token}`);
  return {
    report: text,
    entities: Object.entries(entities).map(([key, { label, start_ix, end_ix }]) => {
      const [start] = spanOf(key, start_ix);
      const [, end] = spanOf(key, end_ix);
      return { text: text.slice(start, end), ...readLabel(label), start, end };
    }),
    relations: Object.entries(entities).flatMap(([key, { relations }], from) =>
      relations.map(([kind, target]) => {
        const to = keys.indexOf(target);
        if (to < 0)
          fail('FILE_FORMAT', `${name}: entity ${key}: expected a relation to an entity, got ${target}`);
        return { from, to, kind };
      }),
    ),
  };
}
