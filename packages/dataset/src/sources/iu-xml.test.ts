import { expect, test } from 'vitest';
import { reportXml } from '../testing/fake-sources.ts';
import { parseIuReport } from './iu-xml.ts';

test('a report becomes a record', () => {
  const xml = reportXml({
    uid: 7,
    findings: 'Clear &amp; large lungs, &lt; 1 cm &#176; &amp;lt;',
    tags: ['Nodule/lung', 'Aorta/tortuous'],
  });
  expect(parseIuReport(xml, '7.xml')).toEqual({
    id: 'CXR7',
    patient: 'CXR7',
    origin: '7.xml',
    findings: 'Clear & large lungs, < 1 cm \u00b0 &lt;',
    impression: '',
    indication: 'Cough',
    comparison: '',
    tags: ['Nodule/lung', 'Aorta/tortuous'],
    views: ['CXR7_IM-1-1001', 'CXR7_IM-1-2001'].map((id) => ({
      id,
      projection: 'unknown',
      files: [`${id}.png`, `${id}.jpg`, `${id}.dcm`],
    })),
  });
});

test('one tag, one image and none are lists too', () => {
  expect(parseIuReport(reportXml({ uid: 1, tags: ['normal'], images: ['a'] }), 'x').views).toHaveLength(1);
  const bare = parseIuReport('<eCitation><uId id="CXR1"/></eCitation>', 'x');
  expect([bare.tags, bare.views, bare.findings]).toEqual([[], [], '']);
});

const laughs = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from(
  { length: 9 },
  (_, i) => `<!ENTITY lol${i} "${`&lol${i - 1};`.repeat(10)}">`,
).join('')}]><eCitation><uId id="CXR1"/>&lol8;</eCitation>`;

test.each([
  ['a billion laughs', laughs, /x\.xml: expected a report, got a document type declaration/],
  ['an external entity', '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', /document type/],
  ['a cut file', reportXml({ uid: 1 }).slice(0, 300), /x\.xml:\d+: expected XML/],
  ['another document', '<html><body/></html>', /x\.xml: expected an <eCitation>/],
  ['no id', '<eCitation><uId/></eCitation>', /x\.xml: expected <uId id="CXR\.\.\.">, got null/],
  ['an odd id', '<eCitation><uId id="../../x"/></eCitation>', /got "\.\.\/\.\.\/x"/],
  ['no XML', 'PK\u0003\u0004', /x\.xml/],
])('%s is refused', (_, xml, message) => {
  expect(() => parseIuReport(xml, 'x.xml')).toThrow(message);
});

test('deep nesting ends in an error, not in a crash', () => {
  const deep = '<a>'.repeat(200_000) + '</a>'.repeat(200_000);
  expect(() => parseIuReport(deep, 'x.xml')).toThrow(/x\.xml/);
});
