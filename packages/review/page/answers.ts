/** The reader's answers: empty at first, kept in the browser after each change, exported as one JSON file. */
import type { ItemAnswer, PageItem, ReportAnswer, ReviewPage, ReviewResults } from '../src/page-data.ts';

export class Answers {
  readonly #page: ReviewPage;
  readonly #items: ItemAnswer[];
  /** Whether this browser keeps what is entered; where it does not, the page says so. */
  kept = true;

  constructor(page: ReviewPage) {
    this.#page = page;
    this.#items = this.#saved() ?? page.items.map(blank);
  }

  at(index: number): ItemAnswer {
    return this.#items[index] as ItemAnswer;
  }

  /** Whether nothing is left to choose in an item. Marks and comments are free. */
  isDone(index: number): boolean {
    const { reports, preference } = this.at(index);
    const rated = ({ ratings, radpeer }: ReportAnswer) =>
      radpeer !== null && this.#page.ratings.every(({ id }) => ratings[id] !== undefined);
    return reports.every(rated) && (reports.length < 2 || preference !== null);
  }

  get done(): number {
    return this.#items.filter((_, i) => this.isDone(i)).length;
  }

  save(): void {
    try {
      localStorage.setItem(this.#name, JSON.stringify(this.#items));
    } catch {
      this.kept = false;
    }
  }

  results(): ReviewResults {
    const { pack, reader } = this.#page;
    const exportedAt = new Date().toISOString();
    return { format: 'llama-xr review results', version: 1, pack, reader, exportedAt, items: this.#items };
  }

  get #name(): string {
    return `llama-xr review:${this.#page.pack}:${this.#page.reader}`;
  }

  #saved(): ItemAnswer[] | undefined {
    try {
      const items = JSON.parse(localStorage.getItem(this.#name) ?? 'null') as ItemAnswer[] | null;
      return items?.length === this.#page.items.length ? items : undefined;
    } catch {
      return undefined;
    }
  }
}

function blank({ number, reports }: PageItem): ItemAnswer {
  const empty = ({ slot }: { slot: 'A' | 'B' }): ReportAnswer => ({
    slot,
    ratings: {},
    radpeer: null,
    errors: [],
  });
  return { number, seconds: 0, preference: null, comment: '', reports: reports.map(empty) };
}
