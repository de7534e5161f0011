/** Charts as SVG inside the page: no script, no outside file, readable without colours. */
import { type Html, html } from './html.ts';

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Drawn as a line across the end of the bar. */
  readonly interval?: readonly [low: number, high: number];
  /** The bar that the chart is about. */
  readonly marked?: boolean;
}

const LABEL_WIDTH = 130;
const BAR_WIDTH = 330;
const ROW = 22;
const VALUE_WIDTH = 60;

/** Bars from zero, one a row, the longest as wide as the chart. Values below zero are drawn as zero. */
export function barChart(title: string, bars: readonly Bar[], decimals = 3): Html {
  const most = Math.max(...bars.map(({ value, interval }) => Math.max(value, interval?.[1] ?? 0)), 1e-9);
  const at = (value: number) => LABEL_WIDTH + (BAR_WIDTH * Math.max(0, value)) / most;
  const rows = bars.map(({ label, value, interval, marked }, i) => {
    const y = i * ROW;
    return html`<text x="${LABEL_WIDTH - 8}" y="${y + 15}" text-anchor="end">${label}</text>
<rect x="${LABEL_WIDTH}" y="${y + 4}" width="${fixed(at(value) - LABEL_WIDTH)}" height="14" class="${marked === true ? 'bar model' : 'bar'}"/>
${interval && html`<path d="M${fixed(at(interval[0]))} ${y + 11}H${fixed(at(interval[1]))}" class="interval"/>`}
<text x="${LABEL_WIDTH + BAR_WIDTH + 8}" y="${y + 15}">${value.toFixed(decimals)}</text>`;
  });
  return svg(title, LABEL_WIDTH + BAR_WIDTH + VALUE_WIDTH, bars.length * ROW + 4, rows);
}

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

const PLOT = 260;
const MARGIN = 46;

/** Points between 0 and `most` on both axes, with the line of equals. */
export function equalityPlot(
  title: string,
  points: readonly Point[],
  axes: { readonly x: string; readonly y: string; readonly most?: number },
): Html {
  const most = axes.most ?? Math.max(...points.flatMap(({ x, y }) => [x, y]), 1e-9);
  const left = (x: number) => fixed(MARGIN + (PLOT * x) / most);
  const top = (y: number) => fixed(8 + PLOT * (1 - y / most));
  return svg(title, MARGIN + PLOT + 16, PLOT + 44, [
    html`<path d="M${left(0)} ${top(0)}H${left(most)}M${left(0)} ${top(0)}V${top(most)}" class="axis"/>
<path d="M${left(0)} ${top(0)}L${left(most)} ${top(most)}" class="equal"/>
<text x="${left(most)}" y="${PLOT + 24}" text-anchor="end">${most.toFixed(2)}</text>
<text x="${MARGIN - 6}" y="16" text-anchor="end">${most.toFixed(2)}</text>
<text x="${left(most / 2)}" y="${PLOT + 40}" text-anchor="middle">${axes.x}</text>
<text x="14" y="${top(most / 2)}" text-anchor="middle" transform="rotate(-90 14 ${top(most / 2)})">${axes.y}</text>`,
    points.map(
      ({ x, y, label }) =>
        html`<circle cx="${left(x)}" cy="${top(y)}" r="4" class="point"><title>${label}</title></circle>`,
    ),
  ]);
}

function svg(title: string, width: number, height: number, content: readonly (Html | Html[])[]): Html {
  return html`<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">
${content}
</svg></figure>`;
}

const fixed = (x: number): string => x.toFixed(1);
