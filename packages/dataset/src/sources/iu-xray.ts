/**
 * IU X-ray as Open-i distributes it: the archive NLMCXR_reports.tgz or a folder of its XML. Kaggle's
 * projections are used where they lie beside: the XML tells none.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, LlamaXrError, type Mistakes } from '@llama-xr/core';
import type { Source, SourceRecord, SourceView } from '../record.ts';
import { isFolder } from './bounded.ts';
import { parseIuReport } from './iu-xml.ts';
import { PROJECTIONS_CSV, readProjections } from './kaggle.ts';
import { readReportArchive, readReportFolder } from './report-archive.ts';

const ARCHIVE = 'NLMCXR_reports.tgz';
const XML_FOLDER = 'ecgen-radiology';

export async function readIuXray(path: string, mistakes: Mistakes): Promise<Source> {
  const reports = await findReports(path);
  const beside = (await isFolder(path)) ? path : dirname(path);
  const files = reports.folder ? [] : [reports.path];
  const notices = ['one study a patient: the collection names no patients'];

  const records: SourceRecord[] = [];
  const seen = new Map<string, string>();
  for await (const { name, text } of reports.folder
    ? readReportFolder(reports.path)
    : readReportArchive(reports.path)) {
    if (reports.folder) files.push(name);
    const record = parseOrNote(text, name, mistakes);
    if (record === undefined) continue;
    const before = seen.get(record.id);
    if (before !== undefined) mistakes.add(`${name}: ${record.id} was already told by ${before}`);
    seen.set(record.id, name);
    records.push(record);
  }
  if (records.length === 0 && mistakes.count === 0)
    fail('FILE_FORMAT', `${reports.path}: expected XML reports, got none`);

  const projections = join(beside, PROJECTIONS_CSV);
  if (existsSync(projections)) {
    addProjections(records, await readProjections(projections, mistakes));
    files.push(projections);
  } else {
    notices.push(`no ${PROJECTIONS_CSV} beside the reports: which view is frontal is not known`);
  }
  return { records, files, licence: 'IU X-ray (Open-i), CC BY-NC-ND 4.0', notices };
}

/** The archive itself, a folder of XML, or a folder that holds either. */
async function findReports(path: string): Promise<{ path: string; folder: boolean }> {
  if (!(await isFolder(path))) return { path, folder: false };
  const archive = join(path, ARCHIVE);
  const inner = join(path, XML_FOLDER);
  if (readdirSync(path).some((name) => name.toLowerCase().endsWith('.xml'))) return { path, folder: true };
  if (existsSync(inner)) return { path: inner, folder: true };
  if (existsSync(archive)) return { path: archive, folder: false };
  fail('FILE_MISSING', `${path}: expected ${ARCHIVE}, ${XML_FOLDER}/ or XML reports, found none`);
}

function parseOrNote(text: string, name: string, mistakes: Mistakes): SourceRecord | undefined {
  try {
    return parseIuReport(text, name);
  } catch (error) {
    // What is merely broken is told with all the rest; what is hostile ends the reading.
    if (!(error instanceof LlamaXrError) || error.code !== 'FILE_FORMAT') throw error;
    mistakes.add(error.message);
    return undefined;
  }
}

/** The XML's images with Kaggle's projections. CXR1's have the number twice in one form, so the rest of the name decides. */
function addProjections(
  records: SourceRecord[],
  projections: ReadonlyMap<string, readonly SourceView[]>,
): void {
  const series = (id: string) => id.replace(/^.*?(?=IM-)/, '');
  records.forEach((record, i) => {
    const known = new Map(
      projections.get(record.id.replace('CXR', ''))?.map((view) => [series(view.id), view]),
    );
    const views = record.views.map((view) => {
      const found = known.get(series(view.id));
      if (found === undefined) return view;
      return { ...view, projection: found.projection, files: [...new Set([...view.files, ...found.files])] };
    });
    records[i] = { ...record, views };
  });
}
