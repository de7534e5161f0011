/** How the review page looks: dark round the images, as in a reading room. */
export const PAGE_STYLE = `
  :root { color-scheme: dark; }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #14171a; color: #e8eaed; }
  header { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center;
    padding: .5rem 1rem; background: #1f2429; border-bottom: 1px solid #3a4148; }
  header nav { display: flex; gap: .3rem; }
  header details { flex-basis: 100%; }
  main { max-width: 90rem; margin: 0 auto; padding: 0 1rem 4rem; }
  h1 { font-size: 1.2rem; margin: .6rem 0; }
  h2 { font-size: 1.05rem; margin: 0 0 .4rem; }
  button, select, textarea { font: inherit; color: inherit; background: #2b3238; border: 1px solid #66707a;
    border-radius: .3rem; padding: .25rem .6rem; }
  :focus-visible { outline: 3px solid #7ab8ff; outline-offset: 2px; }
  .images { display: flex; gap: .6rem; align-items: flex-start; justify-content: center; }
  .images button { padding: 0; background: #000; border: 0; flex: 0 1 34rem; }
  .images button.large { flex: 1 0 100%; }
  .images img { display: block; width: 100%; }
  @media (min-width: 85rem) {
    main { max-width: none; display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 0 1.2rem; }
    h1, .indication { grid-column: 1 / -1; margin-top: 0; }
    .images { flex-direction: column; align-items: center; position: sticky; top: 6rem; max-height: calc(100vh - 7rem);
      overflow: auto; }
    .images button { flex: none; width: min(100%, 40rem); }
    .images button.large { width: 100%; }
  }
  .judgement { margin-top: 1rem; }
  .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1rem; }
  .card { background: #1f2429; border-radius: .4rem; padding: 1rem; min-width: 0; }
  .report { background: #fafafa; color: #16191c; padding: .8rem; border-radius: .3rem; margin: 0 0 .6rem;
    white-space: pre-wrap; overflow-wrap: anywhere; }
  mark.significant { background: #ff9d8a; }
  mark.minor { background: #ffe08a; }
  .mark-form { display: flex; flex-wrap: wrap; gap: .4rem .8rem; align-items: center; }
  .mark-form select { max-width: 100%; }
  .marks { padding-left: 1.2rem; }
  fieldset { border: 0; border-top: 1px solid #3a4148; margin: .5rem 0 0; padding: .4rem 0; display: flex; flex-wrap: wrap;
    gap: .2rem 1rem; }
  legend { padding: 0 .4rem 0 0; color: #b9c1c8; }
  label { display: inline-flex; gap: .35rem; align-items: center; }
  .comment { display: flex; flex-direction: column; align-items: stretch; margin-top: .6rem; }
  input { width: 1.15rem; height: 1.15rem; }
`;
