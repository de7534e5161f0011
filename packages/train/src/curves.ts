/**
 * The curves of a run as one page that needs nothing else: no script, no style and no font from outside. Made from the
 * run log alone.
 */
import type { LoggedEvent } from './run-log.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Curve {
  readonly title: string;
  readonly note: string;
  readonly points: readonly Point[];
  /** Drawn as dots joined by a line: few measurements, each of which counts. */
  readonly dots?: boolean;
  /** A line through noise: the points stand behind it, faint. */
  readonly smoothed?: readonly Point[];
  /** The dot that is kept. */
  readonly best?: Point | undefined;
}

/** Memory of the smoothed training loss: a tenth of the steps so far, and no more than these. */
const SMOOTHING_STEPS = 20;
/** More points than pixels show nothing more. */
const MOST_POINTS = 800;

/** The page, as HTML. It loads itself again each half minute while the run goes on. */
export function curvesPage(events: readonly LoggedEvent[], title: string): string {
  const steps = events.filter((event) => event.type === 'step');
  const looks = events.filter((event) => event.type === 'validation');
  const finished = looks.some((look) => look.kept !== undefined);
  const last = steps.at(-1);
  const panels = curvesOf(steps, looks)
    .filter(({ points }) => points.length > 0)
    .map((curve) => panel(curve, last?.of ?? 1));
  const state = `${finished ? 'finished' : 'running'}, step ${last?.step ?? 0} of ${last?.of ?? '?'}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${finished ? '' : '<meta http-equiv="refresh" content="30">\n'}<title>${escaped(title)}: training</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${state}. ${sentence(looks)}</p>
<main>
${panels.join('\n')}
</main>
</body>
</html>
`;
}

type StepEvent = Extract<LoggedEvent, { type: 'step' }>;
type LookEvent = Extract<LoggedEvent, { type: 'validation' }>;

function curvesOf(steps: readonly StepEvent[], looks: readonly LookEvent[]): Curve[] {
  const ofSteps = (value: (event: StepEvent) => number) =>
    finite(steps.map((event) => ({ x: event.step, y: value(event) })));
  const during = looks.filter((look) => look.kept === undefined);
  const bestStep = during.findLast((look) => look.best)?.step;
  const ofLooks = (title: string, note: string, value: (look: LookEvent) => number): Curve => {
    const points = finite(during.map((look) => ({ x: look.step, y: value(look) })));
    return { title, note, points, dots: true, best: points.find(({ x }) => x === bestStep) };
  };
  const loss = ofSteps((event) => event.loss);
  return [
    { title: 'Training loss', note: 'nats a token', points: loss, smoothed: smoothed(loss) },
    ofLooks('Val loss', 'nats a token, on the same studies each time', (look) => look.loss),
    ofLooks(
      'Grounding gap',
      'loss on the prompts of others minus that on the own',
      (look) => look.groundingGap ?? Number.NaN,
    ),
    { title: 'Learning rate', note: '', points: ofSteps((event) => event.rate) },
    { title: 'Gradient norm', note: 'before clipping', points: ofSteps((event) => event.gradientNorm) },
    { title: 'Speed', note: 'tokens a second', points: ofSteps((event) => event.tokensPerSecond) },
  ];
}

const finite = (points: readonly Point[]) => points.filter(({ y }) => Number.isFinite(y));

/** Exponential moving average; the first values weigh as if there had been as many before them. */
function smoothed(points: readonly Point[]): Point[] {
  const keep = 1 - 1 / Math.max(1, Math.min(SMOOTHING_STEPS, points.length / 10));
  let sum = 0;
  let weight = 0;
  return points.map(({ x, y }) => {
    sum = keep * sum + (1 - keep) * y;
    weight = keep * weight + 1 - keep;
    return { x, y: sum / weight };
  });
}

function sentence(looks: readonly LookEvent[]): string {
  const first = looks[0];
  const last = looks.at(-1);
  if (first === undefined || last === undefined) return '';
  const kept = last.kept === undefined ? '' : ` The adapter is that of step ${last.kept}.`;
  return `Val loss ${number(first.loss)} at step ${first.step}, ${number(last.loss)} at step ${last.step} on ${last.examples} studies.${kept} A falling loss proves nothing yet: the grounding gap, and llama-xr evaluate, say whether the input is read.`;
}

const WIDTH = 460;
const HEIGHT = 220;
const MARGIN = { left: 58, right: 12, top: 10, bottom: 26 };

function panel(curve: Curve, steps: number): string {
  const { title, note, dots = false, best } = curve;
  const scale = scaleOf(curve, steps);
  const line = (points: readonly Point[], name: string) =>
    `<polyline class="${name}" points="${thinned(points).map(scale.at).join(' ')}"/>`;
  const circle = (point: Point, name: string, radius: number) => {
    const [x, y] = scale.at(point).split(',');
    return `<circle class="${name}" cx="${x}" cy="${y}" r="${radius}"><title>step ${point.x}: ${number(point.y)}</title></circle>`;
  };
  const drawn = [
    line(curve.points, curve.smoothed ? 'faint' : 'line'),
    ...(curve.smoothed ? [line(curve.smoothed, 'line')] : []),
    ...(dots ? curve.points.map((point) => circle(point, 'dot', 3)) : []),
    ...(best ? [circle(best, 'best', 6)] : []),
  ];
  const latest = (curve.smoothed ?? curve.points).at(-1);
  return `<figure>
<figcaption><b>${title}</b> <span>${latest ? number(latest.y) : ''}</span><br><small>${note}&nbsp;</small></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
${scale.grid}
${drawn.join('\n')}
</svg>
</figure>`;
}

function scaleOf({ points }: Curve, steps: number) {
  const values = points.map(({ y }) => y);
  const ticks = ticksOf(Math.min(...values), Math.max(...values));
  const [low, high] = [ticks[0] as number, ticks.at(-1) as number];
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const x = (step: number) => MARGIN.left + ((right - MARGIN.left) * step) / steps;
  const y = (value: number) => bottom - ((bottom - MARGIN.top) * (value - low)) / (high - low);
  const at = (point: Point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`;
  const rows = ticks.map(
    (tick) =>
      `<path class="grid" d="M${MARGIN.left} ${y(tick).toFixed(1)}H${right}"/>` +
      `<text class="left" x="${MARGIN.left - 6}" y="${(y(tick) + 4).toFixed(1)}">${number(tick)}</text>`,
  );
  const columns = [0, 0.5, 1].map((share) => {
    const step = Math.round(steps * share);
    return `<text class="below" x="${x(step).toFixed(1)}" y="${HEIGHT - 8}">${step}</text>`;
  });
  return { at, grid: [...rows, ...columns].join('') };
}

/** Three to six round numbers that enclose a range. */
export function ticksOf(low: number, high: number): number[] {
  const span = high > low ? high - low : Math.max(Math.abs(high), 1e-9);
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = power * ([1, 2, 5, 10].find((factor) => span / (factor * power) <= 4) as number);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Every n-th point and the last one. */
function thinned(points: readonly Point[]): readonly Point[] {
  const stride = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

const THOUSANDS = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 4 });

function number(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1);
  return Math.abs(value) < 1e5 ? String(Number(value.toPrecision(4))) : THOUSANDS.format(value);
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #6b7280; --grid: #e4e7eb; --line: #1664c0; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #9aa3ad; --grid: #2c3238; --line: #6fb1ff; --paper: #15181c; } }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.3rem; margin: 0; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1.2rem; }
figure { margin: 0; }
figcaption span { float: right; font-variant-numeric: tabular-nums; }
small { color: var(--soft); }
svg { width: 100%; height: auto; }
polyline { fill: none; stroke: var(--line); stroke-width: 1.6; stroke-linejoin: round; }
.faint { stroke-width: 1; opacity: 0.3; }
.dot { fill: var(--line); }
.best { fill: none; stroke: var(--ink); stroke-width: 1.4; }
.grid { stroke: var(--grid); }
text { fill: var(--soft); font-size: 11px; }
.left { text-anchor: end; }
.below { text-anchor: middle; }
`;
