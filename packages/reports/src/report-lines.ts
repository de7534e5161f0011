/**
 * Reports to be labelled, and gold labels to hold the labels against: files of lines, read one at a time. A mistake
 * names the file, the line, the field and the value.
 */
import { extname } from 'node:path';
import { fail, readJsonLines, readText } from '@llama-xr/core';
import { type LabelValue, reportText, SCHEMES, type Scheme } from './schemes.ts';

export interface ReportLine {
  /** As it was given. */
  readonly id: string | number;
  readonly text: string;
  readonly line: number;
}

/**
 * Lines with `id`, and `findings` or `impression` or both; else `report`; else `prediction`. Fields that are null count
 * as missing.
 * @throws LlamaXrError FILE_MISSING, FILE_FORMAT.
 */
export async function* readReportLines(path: string): AsyncGenerator<ReportLine> {
  for await (const { line, value } of readJsonLines(path)) {
    const place = `${path}:${line}`;
    const fields = fieldsOf(value, place);
    const id = idOf(fields, place);
    const text = (name: string) => textOf(fields, name, place);
    const findings = text('findings');
    const impression = text('impression');
    const sections =
      findings === undefined && impression === undefined ? undefined : { findings, impression };
    const report = sections ?? text('report') ?? text('prediction');
    if (report === undefined) {
      fail(
        'FILE_FORMAT',
        `${place}: expected findings, impression, report or prediction, got ${namesIn(fields)}`,
      );
    }
    yield { id, text: reportText(report), line };
  }
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown, place: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  fail('FILE_FORMAT', `${place}: expected an object, got ${kindOf(value)}`);
}

function idOf({ id }: Fields, place: string): string | number {
  if (typeof id === 'number' && Number.isFinite(id)) return id;
  if (typeof id === 'string' && id.trim() !== '') return id;
  fail('FILE_FORMAT', `${place}: id: expected text, got ${id === undefined ? 'none' : kindOf(id)}`);
}

function textOf(fields: Fields, name: string, place: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  fail('FILE_FORMAT', `${place}: ${name}: expected text, got ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `"${value.slice(0, 40)}"` : `${value}`;
}

function namesIn(fields: Fields): string {
  const names = Object.keys(fields);
  return names.length === 0 ? 'no field' : `only ${names.slice(0, 8).join(', ')}`;
}

/** Label by label in the order of the scheme; undefined where the gold says nothing of a label. */
export type GoldLabels = readonly (LabelValue | undefined)[];

/**
 * Gold labels by id: lines `{"id", "labels": {"Atelectasis": 1, ...}}`, or a CSV whose first column is the id (as NIH
 * gives the Open-i gold labels). An empty cell is null. Columns that are no label of the scheme are left out.
 * @throws LlamaXrError FILE_MISSING, FILE_FORMAT.
 */
export async function readGoldLabels(path: string, scheme: Scheme): Promise<Map<string, GoldLabels>> {
  const gold = new Map<string, GoldLabels>();
  const rows = extname(path).toLowerCase() === '.csv' ? csvRows(path) : jsonRows(path);
  for await (const { id, labels, place } of rows) {
    if (gold.has(id)) fail('FILE_FORMAT', `${place}: id: expected each once, got ${id} again`);
    const values = SCHEMES[scheme].map((name) => goldValue(labels[name], name, place));
    if (values.every((value) => value === undefined)) {
      fail(
        'FILE_FORMAT',
        `${place}: expected labels of ${scheme} such as Atelectasis, got ${namesIn(labels)}`,
      );
    }
    gold.set(id, values);
  }
  if (gold.size === 0) fail('FILE_FORMAT', `${path}: expected gold labels, got an empty file`);
  return gold;
}

interface GoldRow {
  readonly id: string;
  readonly labels: Fields;
  readonly place: string;
}

async function* jsonRows(path: string): AsyncGenerator<GoldRow> {
  for await (const { line, value } of readJsonLines(path)) {
    const place = `${path}:${line}`;
    const fields = fieldsOf(value, place);
    const { labels } = fields;
    if (labels === undefined) fail('FILE_FORMAT', `${place}: labels: expected an object, got none`);
    yield { id: String(idOf(fields, place)), labels: fieldsOf(labels, `${place}: labels`), place };
  }
}

async function* csvRows(path: string): AsyncGenerator<GoldRow> {
  const lines = (await readText(path)).replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = (lines[0] ?? '').split(',');
  for (const [i, line] of lines.entries()) {
    if (i === 0 || line.trim() === '') continue;
    const cells = line.split(',');
    const place = `${path}:${i + 1}`;
    if (cells.length !== header.length) {
      fail('FILE_FORMAT', `${place}: expected ${header.length} cells as in the header, got ${cells.length}`);
    }
    const labels = Object.fromEntries(
      header.slice(1).map((name, k) => [name.trim(), cells[k + 1]?.trim() ?? '']),
    );
    yield { id: cells[0] ?? '', labels, place };
  }
}

function goldValue(value: unknown, name: string, place: string): LabelValue | undefined {
  if (value === undefined) return undefined;
  if (value === null || value === '') return null;
  const number = typeof value === 'string' ? Number(value) : value;
  if (number === 1 || number === 0 || number === -1) return number;
  fail('FILE_FORMAT', `${place}: ${name}: expected 1, 0, -1 or null, got ${kindOf(value)}`);
}
