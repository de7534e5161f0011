/** One report with all that a reader says of it: marks, ratings, grade. */
import type { ErrorMark, PageItem, ReportAnswer, ReviewPage } from '../src/page-data.ts';
import { button, element, radios } from './elements.ts';
import { drawText, type Span, selectedSpan, sentenceSpans } from './report-text.ts';

const SCALE = ['1', '2', '3', '4', '5'];

export function reportCard(
  page: ReviewPage,
  { slot, text }: PageItem['reports'][number],
  answer: ReportAnswer,
  onChange: () => void,
): HTMLElement {
  const ratings = page.ratings.map(({ id, name, help }) =>
    radios(
      `${name} (${help})`,
      `${slot}-${id}`,
      SCALE.map((value) => ({ value, label: value })),
      String(answer.ratings[id] ?? ''),
      (value) => {
        answer.ratings[id] = Number(value);
        onChange();
      },
    ),
  );
  const grades = page.radpeer.map(({ id, name, help }) => ({ value: id, label: name, help }));
  const radpeer = radios('RADPEER grade', `${slot}-radpeer`, grades, answer.radpeer, (value) => {
    answer.radpeer = value;
    onChange();
  });
  return element('section', { class: 'card', 'aria-label': `Report ${slot}` }, [
    element('h2', {}, [`Report ${slot}`]),
    ...marking(page, slot, text, answer, onChange),
    ...ratings,
    radpeer,
  ]);
}

/** The text, the form that marks an error in it, and the list of marks. */
function marking(
  page: ReviewPage,
  slot: string,
  text: string,
  answer: ReportAnswer,
  onChange: () => void,
): HTMLElement[] {
  const holder = element('p', { class: 'report', tabindex: '0', 'aria-label': `Text of report ${slot}` });
  const list = element('ul', { class: 'marks', 'aria-label': `Errors marked in report ${slot}` });
  const draw = () => {
    drawText(holder, text, answer.errors);
    list.replaceChildren(...answer.errors.map((mark) => marked(page, text, mark, () => remove(mark))));
  };
  const remove = (mark: ErrorMark) => change(answer.errors.filter((other) => other !== mark));
  const change = (errors: ErrorMark[]) => {
    answer.errors = errors;
    draw();
    onChange();
  };
  draw();
  return [holder, markForm(page, slot, text, holder, (mark) => change([...answer.errors, mark])), list];
}

function markForm(
  page: ReviewPage,
  slot: string,
  text: string,
  holder: HTMLElement,
  onMark: (mark: ErrorMark) => void,
): HTMLElement {
  const sentences = sentenceSpans(text);
  const place = element('select', { 'aria-label': `Where in report ${slot}` }, [
    element('option', { value: 'selection' }, ['the selected text']),
    element('option', { value: 'missing' }, ['nowhere: something is missing']),
    ...sentences.map(({ start, end }, i) =>
      element('option', { value: String(i) }, [
        `sentence ${i + 1}: ${text.slice(start, Math.min(end, start + 40))}`,
      ]),
    ),
  ]);
  const kind = element(
    'select',
    { 'aria-label': `Kind of error in report ${slot}` },
    page.errorClasses.map(({ id, name, help }) => element('option', { value: id }, [`${name}: ${help}`])),
  );
  const significant = element('input', { type: 'checkbox' });
  const told = element('span', { role: 'status' });
  const add = button(`Mark error in report ${slot}`, () => {
    const span = spanOf(place.value, holder, sentences);
    told.textContent = span === undefined ? 'Select some of this text first, or choose a sentence.' : '';
    if (span !== undefined) onMark({ errorClass: kind.value, significant: significant.checked, span });
  });
  // A press would otherwise take the focus, and in some browsers the selection with it.
  add.addEventListener('mousedown', (event) => event.preventDefault());
  const label = element('label', {}, [significant, element('span', {}, ['clinically significant'])]);
  return element('div', { class: 'mark-form' }, [kind, place, label, add, told]);
}

function spanOf(choice: string, holder: HTMLElement, sentences: readonly Span[]): Span | null | undefined {
  if (choice === 'missing') return null;
  return choice === 'selection' ? selectedSpan(holder) : sentences[Number(choice)];
}

function marked(page: ReviewPage, text: string, mark: ErrorMark, onRemove: () => void): HTMLElement {
  const { errorClass, significant, span } = mark;
  const name = page.errorClasses.find(({ id }) => id === errorClass)?.name ?? errorClass;
  const words = span === null ? 'missing' : `“${text.slice(span.start, span.end)}”`;
  const said = `${name}${significant ? ', significant' : ''}: ${words} `;
  return element('li', {}, [said, button('remove', onRemove, { 'aria-label': `Remove mark: ${said}` })]);
}
