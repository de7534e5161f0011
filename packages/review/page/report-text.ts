/** A report's text with its error marks, and what of it is selected. Positions are characters of the text. */
import type { ErrorMark } from '../src/page-data.ts';
import { element } from './elements.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Fills `holder` with the text; marked stretches are drawn as such, overlapping ones as one. */
export function drawText(holder: HTMLElement, text: string, errors: readonly ErrorMark[]): void {
  const spans = errors.flatMap(({ span, significant }) => (span === null ? [] : [{ ...span, significant }]));
  const borders = [...new Set([0, text.length, ...spans.flatMap(({ start, end }) => [start, end])])].sort(
    (a, b) => a - b,
  );
  const pieces = borders.slice(1).map((end, i) => {
    const start = borders[i] as number;
    const over = spans.filter((span) => span.start < end && span.end > start);
    const piece = text.slice(start, end);
    if (over.length === 0) return piece;
    return element('mark', { class: over.some(({ significant }) => significant) ? 'significant' : 'minor' }, [
      piece,
    ]);
  });
  holder.replaceChildren(...pieces);
}

/** What is selected inside `holder`; undefined for nothing, or for a selection that begins or ends elsewhere. */
export function selectedSpan(holder: HTMLElement): Span | undefined {
  const selection = getSelection();
  if (selection === null || selection.rangeCount === 0 || selection.isCollapsed) return undefined;
  const range = selection.getRangeAt(0);
  if (!holder.contains(range.startContainer) || !holder.contains(range.endContainer)) return undefined;
  const before = document.createRange();
  before.setStart(holder, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const start = before.toString().length;
  return { start, end: start + range.toString().length };
}

/** Sentences, so that a mark can be set without a mouse. */
export function sentenceSpans(text: string): Span[] {
  return [...text.matchAll(/\S[^.!?]*(?:[.!?]+|$)/g)].map(({ index, 0: found }) => ({
    start: index,
    end: index + found.length,
  }));
}
