/**
 * A picture of studies beside their truth and their drafts, as one SVG that stands alone: the draft's sentences are
 * coloured by whether the findings they state are there. Colours follow the labeler, so they are as right as it is.
 */
import { writeFileAtomic } from '@llama-xr/core';
import { encodePng, type Picture, svgToPng } from '@llama-xr/imaging';
import {
  type Finding,
  labelReport,
  splitSentences,
  statedFindings,
  tagFindings,
  tagInWords,
} from '@llama-xr/reports';

export interface Comparison {
  readonly title: string;
  readonly frontal: Picture;
  readonly lateral?: Picture;
  /** What was drawn. */
  readonly tags: readonly string[];
  readonly reference: string;
  readonly draft: string;
}

const IMAGE_PIXELS = 280;
const TEXT_WIDTH = 640;
const MARGIN = 24;
const LINE_PIXELS = 21;
const CHARACTERS_A_LINE = 74;
const WIDTH = 2 * IMAGE_PIXELS + TEXT_WIDTH + 4 * MARGIN;

const COLOURS = { right: '#1a7f37', wrong: '#c9252d', neutral: '#30343b', faint: '#6b7280' } as const;

interface Line {
  readonly text: string;
  readonly colour: string;
  readonly bold?: true;
}

/** @param caption one line above all: what was drawn and who wrote. */
export async function comparisonSvg(comparisons: readonly Comparison[], caption: string): Promise<string> {
  const parts: string[] = [];
  let top = 2 * MARGIN + LINE_PIXELS;
  for (const comparison of comparisons) {
    const lines = linesOf(comparison);
    const height = Math.max(IMAGE_PIXELS, lines.length * LINE_PIXELS) + MARGIN;
    parts.push(await rowOf(comparison, lines, top));
    top += height;
  }
  const head = textAt(MARGIN, MARGIN + 14, { text: caption, colour: COLOURS.neutral, bold: true });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}" font-family="Helvetica, Arial, DejaVu Sans, sans-serif" font-size="15">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    head,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** Writes `<path>.svg`, and `<path>.png` drawn from it. */
export async function writeComparison(
  path: string,
  comparisons: readonly Comparison[],
  caption: string,
): Promise<void> {
  const svg = await comparisonSvg(comparisons, caption);
  writeFileAtomic(`${path}.svg`, svg);
  writeFileAtomic(`${path}.png`, await svgToPng(svg));
}

async function rowOf(comparison: Comparison, lines: readonly Line[], top: number): Promise<string> {
  const images = await Promise.all(
    [comparison.frontal, comparison.lateral].map(async (picture, i) => {
      if (picture === undefined) return '';
      const data = Buffer.from(await encodePng(picture)).toString('base64');
      const x = MARGIN + i * (IMAGE_PIXELS + MARGIN);
      return `<image x="${x}" y="${top}" width="${IMAGE_PIXELS}" height="${IMAGE_PIXELS}" href="data:image/png;base64,${data}"/>`;
    }),
  );
  const left = 2 * (IMAGE_PIXELS + MARGIN) + MARGIN;
  return [...images, ...lines.map((line, i) => textAt(left, top + 14 + i * LINE_PIXELS, line))].join('\n');
}

function linesOf({ title, tags, reference, draft }: Comparison): Line[] {
  const truth = tagFindings(tags);
  const missed = [...truth].filter((finding) => !statedFindings(draft).has(finding));
  return [
    { text: title, colour: COLOURS.neutral, bold: true },
    ...wrap(`Drawn: ${tags.map(tagInWords).join('; ')}`).map((text) => ({ text, colour: COLOURS.faint })),
    { text: 'Reference', colour: COLOURS.neutral, bold: true },
    ...wrap(reference).map((text) => ({ text, colour: COLOURS.neutral })),
    { text: 'Draft', colour: COLOURS.neutral, bold: true },
    ...splitSentences(draft).flatMap((sentence) =>
      wrap(sentence).map((text) => ({ text, colour: colourOf(sentence, truth) })),
    ),
    ...(missed.length > 0
      ? [{ text: `Missed: ${missed.join(', ')}`, colour: COLOURS.wrong, bold: true } as const]
      : []),
  ];
}

/** Wrong where a sentence states what is not there or denies what is; right where it states what is there. */
function colourOf(sentence: string, truth: ReadonlySet<Finding>): string {
  const mentions = labelReport(sentence);
  const wrong = mentions.some(({ finding, polarity }) => (polarity === 'negative') === truth.has(finding));
  if (wrong) return COLOURS.wrong;
  return mentions.some(({ polarity }) => polarity === 'positive') ? COLOURS.right : COLOURS.neutral;
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > CHARACTERS_A_LINE) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

function textAt(x: number, y: number, { text, colour, bold }: Line): string {
  const weight = bold ? ' font-weight="bold"' : '';
  return `<text x="${x}" y="${y}" fill="${colour}"${weight}>${escapeXml(text)}</text>`;
}

function escapeXml(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 allows none of these, drafts may hold any
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
  );
}
