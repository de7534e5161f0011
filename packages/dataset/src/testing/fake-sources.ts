/** Small sources for the tests, written by us: no text of any real report. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

export interface FakeReport {
  readonly uid: number;
  readonly findings?: string;
  readonly impression?: string;
  readonly tags?: readonly string[];
  readonly images?: readonly string[];
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'llama-xr-dataset-'));
}

/** A report in the XML of Open-i; texts are put in as they are. */
export function reportXml({
  uid,
  findings = '',
  impression = '',
  tags = ['normal'],
  images,
}: FakeReport): string {
  const ids = images ?? [`CXR${uid}_IM-1-1001`, `CXR${uid}_IM-1-2001`];
  return `<?xml version="1.0" encoding="utf-8"?>
<eCitation>
  <uId id="CXR${uid}"/>
  <MedlineCitation><Article><Abstract>
    <AbstractText Label="INDICATION">Cough</AbstractText>
    <AbstractText Label="FINDINGS">${findings}</AbstractText>
    <AbstractText Label="IMPRESSION">${impression}</AbstractText>
  </Abstract></Article></MedlineCitation>
  <MeSH>${tags.map((tag) => `<major>${tag}</major>`).join('')}</MeSH>
  ${ids.map((id) => `<parentImage id="${id}"><caption>PA</caption></parentImage>`).join('\n')}
</eCitation>`;
}

/** A folder of XML reports. */
export function writeReports(reports: readonly FakeReport[]): string {
  const folder = temporaryFolder();
  const inner = join(folder, 'ecgen-radiology');
  mkdirSync(inner);
  for (const report of reports) writeFileSync(join(inner, `${report.uid}.xml`), reportXml(report));
  return folder;
}

type Entry = { name: string; text?: string; linkname?: string };

/** A gzipped tar of entries; one with a linkname is a link. */
export async function tgz(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, text = '', linkname } of entries) {
    if (linkname === undefined) tar.entry({ name }, text);
    else tar.entry({ name, type: 'symlink', linkname });
  }
  tar.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of tar) parts.push(part as Uint8Array);
  return gzipSync(Buffer.concat(parts));
}
