/** The review page: one item at a time, its images and reports, the reader's answers, and the file to send back. */
import type { PageImage, ReviewPage } from '../src/page-data.ts';
import { Answers } from './answers.ts';
import { button, element, radios } from './elements.ts';
import { reportCard } from './report-card.ts';

const page = JSON.parse(document.getElementById('pack')?.textContent ?? '') as ReviewPage;
const answers = new Answers(page);
const main = document.getElementById('item') as HTMLElement;
const status = document.getElementById('status') as HTMLElement;
const jump = document.getElementById('jump') as HTMLSelectElement;

let current = 0;
let shownAt = Date.now();

function show(index: number): void {
  keepTime();
  current = Math.max(0, Math.min(page.items.length - 1, index));
  const item = page.items[current] as ReviewPage['items'][number];
  const answer = answers.at(current);
  const cards = item.reports.map((report, i) =>
    reportCard(page, report, answer.reports[i] as (typeof answer.reports)[number], changed),
  );
  const heading = element('h1', { tabindex: '-1' }, [`Case ${item.number} of ${page.items.length}`]);
  const images = item.images.map((place) => picture(page.images[place] as PageImage));
  main.replaceChildren(
    heading,
    ...(item.indication === undefined
      ? []
      : [element('p', { class: 'indication' }, [`Indication: ${item.indication}`])]),
    element(
      'div',
      { class: 'images' },
      images.length > 0 ? images : ['No images were packed for this case.'],
    ),
    element('div', { class: 'judgement' }, [
      element('div', { class: 'cards' }, cards),
      ...(item.reports.length > 1 ? [preference()] : []),
      commentBox(),
    ]),
  );
  heading.focus();
  scrollTo(0, 0);
  tell();
}

function preference(): HTMLElement {
  const answer = answers.at(current);
  const options = [
    { value: 'A', label: 'Report A' },
    { value: 'B', label: 'Report B' },
    { value: 'equal', label: 'equally good' },
  ];
  return radios('Which report would you rather sign?', 'preference', options, answer.preference, (value) => {
    answer.preference = value as 'A' | 'B' | 'equal';
    changed();
  });
}

function commentBox(): HTMLElement {
  const answer = answers.at(current);
  const box = element('textarea', { id: 'comment', rows: '3', maxlength: '5000' });
  box.value = answer.comment;
  box.addEventListener('input', () => {
    answer.comment = box.value;
    changed();
  });
  return element('label', { class: 'comment', for: 'comment' }, ['Comment', box]);
}

/** An image; a click or Enter shows it in full size and back. */
function picture({ projection, source }: PageImage): HTMLElement {
  const image = element('img', { src: source, alt: `${projection} radiograph` });
  const holder = button('', () => holder.classList.toggle('large'), {
    'aria-label': `${projection} radiograph, enlarge`,
  });
  holder.append(image);
  return holder;
}

function changed(): void {
  keepTime();
  answers.save();
  tell();
}

/** Adds the time since the last change to the item; a pause of more than five minutes is not reading. */
function keepTime(): void {
  const seconds = (Date.now() - shownAt) / 1000;
  shownAt = Date.now();
  answers.at(current).seconds += Math.min(seconds, 300);
}

function tell(): void {
  const left = answers.kept ? '' : ' This browser keeps nothing: export before you close the page.';
  status.textContent = `${answers.done} of ${page.items.length} cases done.${left}`;
  const bar = document.getElementById('progress') as HTMLProgressElement;
  bar.max = page.items.length;
  bar.value = answers.done;
  for (const [i, option] of [...jump.options].entries())
    option.textContent = `Case ${i + 1}${answers.isDone(i) ? ' (done)' : ''}`;
  jump.value = String(current);
}

function exportResults(): void {
  changed();
  const file = new Blob([`${JSON.stringify(answers.results(), null, 1)}\n`], { type: 'application/json' });
  const link = element('a', { href: URL.createObjectURL(file), download: `results-${page.reader}.json` });
  link.click();
  URL.revokeObjectURL(link.href);
}

/** n and p go on and back, outside of text fields. */
function shortcut({ key, target, ctrlKey, metaKey, altKey }: KeyboardEvent): void {
  if (
    ctrlKey ||
    metaKey ||
    altKey ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return;
  if (key === 'n') show(current + 1);
  if (key === 'p') show(current - 1);
}

jump.replaceChildren(...page.items.map((_, i) => element('option', { value: String(i) })));
jump.addEventListener('change', () => show(Number(jump.value)));
document.getElementById('next')?.addEventListener('click', () => show(current + 1));
document.getElementById('previous')?.addEventListener('click', () => show(current - 1));
document.getElementById('export')?.addEventListener('click', exportResults);
document.addEventListener('keydown', shortcut);
addEventListener('pagehide', changed);
show(page.items.findIndex((_, i) => !answers.isDone(i)));
