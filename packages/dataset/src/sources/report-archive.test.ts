import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { reportXml, temporaryFolder, tgz } from '../testing/fake-sources.ts';
import { type ReportFile, readReportArchive, readReportFolder } from './report-archive.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

async function all(files: AsyncIterable<ReportFile>): Promise<ReportFile[]> {
  const found: ReportFile[] = [];
  for await (const file of files) found.push(file);
  return found;
}

async function read(content: Uint8Array): Promise<ReportFile[]> {
  const path = join(folder, 'reports.tgz');
  writeFileSync(path, content);
  return await all(readReportArchive(path));
}

test('the XML entries of an archive, others are passed over', async () => {
  const files = await read(
    await tgz([
      { name: 'a/1.xml', text: reportXml({ uid: 1 }) },
      { name: 'README', text: 'x' },
    ]),
  );
  expect(files.map((file) => file.name)).toEqual(['reports.tgz/1.xml']);
  expect(files[0]?.text).toContain('CXR1');
});

test('an archive cut anywhere says so', async () => {
  const entries = Array.from({ length: 20 }, (_, uid) => ({ name: `${uid}.xml`, text: reportXml({ uid }) }));
  const whole = await tgz(entries);
  for (const share of [0.2, 0.5, 0.9, 0.999]) {
    await expect(read(whole.subarray(0, Math.floor(whole.length * share)))).rejects.toMatchObject({
      code: 'FILE_TRUNCATED',
    });
  }
});

test.each([['../../etc/passwd.xml'], ['/tmp/x.xml'], ['a/../../x.xml'], ['C:\\x.xml']])(
  'an entry that leaves its folder is refused: %s',
  async (name) => {
    await expect(read(await tgz([{ name, text: '<a/>' }]))).rejects.toMatchObject({ code: 'FILE_HOSTILE' });
  },
);

test('links, giants and what is no archive are refused', async () => {
  await expect(read(await tgz([{ name: 'x.xml', linkname: '/etc/passwd' }]))).rejects.toThrow(/got a link/);
  const giant = await tgz([{ name: 'x.xml', text: 'x'.repeat(5 * 2 ** 20) }]);
  await expect(read(giant)).rejects.toThrow(/expected at most 4194304 bytes, got 5242880/);
  await expect(read(Buffer.from('no gzip at all'))).rejects.toMatchObject({ code: 'FILE_FORMAT' });
  await expect(all(readReportArchive(join(folder, 'none.tgz')))).rejects.toMatchObject({
    code: 'FILE_MISSING',
  });
});

test('a folder is read in the order of numbers, and no giant from it', async () => {
  const inner = temporaryFolder();
  for (const name of ['10.xml', '9.xml', 'note.txt']) writeFileSync(join(inner, name), '<a/>');
  expect((await all(readReportFolder(inner))).map((file) => file.name)).toEqual([
    join(inner, '9.xml'),
    join(inner, '10.xml'),
  ]);
  truncateSync(join(inner, '10.xml'), 2 ** 31);
  await expect(all(readReportFolder(inner))).rejects.toMatchObject({ code: 'FILE_HOSTILE' });
  rmSync(inner, { recursive: true });
});
