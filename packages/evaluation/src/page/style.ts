/** How the page looks. Colours never carry a meaning alone: a sign or a word stands beside each. */
export const STYLE = `
  :root { color-scheme: light; --ink: #1a1a1a; --line: #ddd; --alarm: #b3261e; --warn: #b26a00; --note: #2a5db0; --good: #1b6e3c; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink); }
  .alarm, .warning, .notice { padding: .6rem 1rem; margin: .5rem 0; border-left: .4rem solid; }
  .alarm { background: #fde8e6; border-color: var(--alarm); font-weight: 600; }
  .warning { background: #fff4dc; border-color: var(--warn); }
  .notice { background: #e7f0fb; border-color: var(--note); }
  nav a { margin-right: 1rem; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  caption { text-align: left; font-weight: 600; padding: 1.5rem 0 .4rem; }
  th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); }
  th:first-child { text-align: left; font-weight: 400; }
  thead th, tr.heading th { font-weight: 600; }
  td.model { background: #f2f4f7; font-weight: 600; }
  td.beats { color: var(--alarm); font-weight: 600; }
  td small { font-weight: 400; color: #555; }
  td.text, th.text { text-align: left; }
  blockquote { margin: 0; padding: .5rem 1rem; background: #f6f6f6; }
  figure { display: inline-block; margin: 1rem 1.5rem 0 0; vertical-align: top; }
  figcaption { font-weight: 600; }
  svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
  .bar { fill: #b9c3d0; } .bar.model { fill: var(--note); }
  .interval { stroke: var(--ink); stroke-width: 2; }
  .axis { stroke: var(--ink); fill: none; } .equal { stroke: #999; stroke-dasharray: 4 3; fill: none; }
  .point { fill: var(--note); fill-opacity: .7; }
  article { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem 1rem 1rem; margin: 1rem 0; }
  article img { max-height: 15rem; margin: 0 .5rem .5rem 0; background: #000; }
  .both { background: #dff3e4; }
  .draft { background: #fde8e6; text-decoration: underline; }
  .reference { color: #555; background: #eee; text-decoration: line-through; }
  details { margin: 1rem 0; } summary { cursor: pointer; font-weight: 600; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
  dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
  @media print { article, table, figure { break-inside: avoid; } }
`;
