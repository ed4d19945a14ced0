"""How the pages look."""

from collections.abc import Mapping
from typing import Final

# Every text colour has a contrast of 4.5 or more on the grounds it is used on (WCAG 2.2, 1.4.3); a test measures it.
LIGHT: Final[Mapping[str, str]] = {
    "ground": "#ffffff",
    "raised": "#f5f7f9",
    "border": "#d5dbe1",
    "text": "#1c2128",
    "muted": "#545d68",
    "link": "#0b57c2",
    "hit": "#0f6a2f",
    "hit-ground": "#e7f6ec",
    "hit-bar": "#2f9e55",
    "partial": "#734c00",
    "partial-ground": "#fff3cf",
    "partial-bar": "#e0a100",
    "miss": "#a8152a",
    "miss-ground": "#ffeceb",
    "miss-bar": "#d6404f",
}
DARK: Final[Mapping[str, str]] = {
    "ground": "#0f141a",
    "raised": "#171d25",
    "border": "#323b46",
    "text": "#e3e9ef",
    "muted": "#9ba6b2",
    "link": "#7db7ff",
    "hit": "#7fdba0",
    "hit-ground": "#10281a",
    "hit-bar": "#3fae68",
    "partial": "#f0cb6a",
    "partial-ground": "#2e2407",
    "partial-bar": "#d9a521",
    "miss": "#ffa9a6",
    "miss-ground": "#35151a",
    "miss-bar": "#e5606c",
}

_RULES: Final = """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; }
footer { padding-top: 1rem; padding-bottom: 2rem; color: var(--muted); font-size: .85rem; }
a { color: var(--link); text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; }
p { margin: .25rem 0; }
code, .path { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.muted { color: var(--muted); }
.vh { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.u { font: 600 .75em/1 ui-monospace, monospace; color: var(--miss); border: 1px solid; border-radius: 3px;
  padding: 0 .2em; unicode-bidi: isolate; }
bdi, td, p, .name { overflow-wrap: anywhere; }

.sum { display: flex; flex-wrap: wrap; align-items: center; gap: .75rem 1.75rem;
  margin: 1rem 0 0; padding: 1rem 1.25rem; background: var(--raised);
  border: 1px solid var(--border); border-radius: 10px; }
.sum .big { font-size: 2rem; font-weight: 650; line-height: 1.1; font-variant-numeric: tabular-nums; }
.sum .bar { flex: 1 1 12rem; height: .8rem; }
.sum dl { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0; }
.sum dl div { display: flex; flex-direction: column-reverse; }
.sum dt { color: var(--muted); font-size: .8rem; }
.sum dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }

.bar { display: block; height: .55rem; min-width: 3rem; border-radius: 99px; overflow: hidden; background:
  linear-gradient(to right, var(--hit-bar) var(--h), var(--partial-bar) var(--h) var(--p), var(--miss-bar) var(--p)); }
.bar.none { background: var(--border); }
.is-hit { color: var(--hit); } .is-partial { color: var(--partial); } .is-miss { color: var(--miss); }

.row { display: grid; grid-template-columns: minmax(0, 1fr) 8rem 4.6rem repeat(4, 4.2rem); gap: 0 .75rem;
  align-items: center; padding: .3rem .75rem; border-top: 1px solid var(--border); }
.row .n { text-align: right; font-variant-numeric: tabular-nums; }
.row .pct { font-weight: 600; }
.head { color: var(--muted); font-size: .8rem; border: 0; }
.head .n { font-weight: 400; }
.tree { border: 1px solid var(--border); border-radius: 10px; overflow: hidden; }
.tree ul { list-style: none; margin: 0; padding: 0; }
.tree .head { background: var(--raised); }
.tree summary { cursor: pointer; list-style: none; }
.tree summary::-webkit-details-marker { display: none; }
.tree summary .name::before { content: "▸"; position: absolute; margin-left: -1.15em;
  color: var(--muted); }
.tree details[open] > summary .name::before { content: "▾"; }
.tree summary .name { font-weight: 600; }
.tree summary:hover, .tree li.row:hover { background: var(--raised); }
.tree .name { padding-left: calc(var(--d, 0) * 1.1rem + 1.15em); }

.facts { width: 100%; border-collapse: collapse; }
.facts th, .facts td { padding: .35rem .6rem; text-align: left; border-bottom: 1px solid var(--border); }
.facts thead th { color: var(--muted); font-size: .8rem; font-weight: 400; }
.facts .n { width: 5.6rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.facts .bar { width: 8rem; margin-left: auto; }
.wide { overflow-x: auto; }
details.more > summary { cursor: pointer; margin: 2rem 0 .6rem; font-size: 1.05rem; font-weight: 700; }

.gaps { margin: 1rem 0 0; line-height: 2; }
.gaps + .src, .gaps + .note { margin-top: 1rem; }
.gaps a { display: inline-block; padding: 0 .5em; border-radius: 99px;
  background: var(--miss-ground); color: var(--miss); font-size: .85rem; line-height: 1.6;
  font-variant-numeric: tabular-nums; }
.gaps a.p { background: var(--partial-ground); color: var(--partial); }
.note { padding: .6rem .9rem; border-left: 4px solid var(--partial-bar); background: var(--raised); }
.pages { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem 2rem; margin: 1.25rem 0; }
.pages > * { overflow-wrap: anywhere; }

.src { width: 100%; border-collapse: collapse; border: 1px solid var(--border); margin: 1rem 0;
  font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.src th, .src td { padding: 0 .6rem; vertical-align: top; text-align: left; }
.src thead th { font: .8rem/1.9 system-ui, sans-serif; color: var(--muted); background: var(--raised); }
.src tbody th { width: 1px; text-align: right; font-weight: 400; border-right: 1px solid var(--border);
  background: var(--raised); }
.src tbody th a { color: var(--muted); display: block; }
.src .s, .src .n { width: 1px; white-space: nowrap; }
.src .n { text-align: right; font-variant-numeric: tabular-nums; }
.src .c { white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
.src tbody .s { border-left: 4px solid transparent; font-size: .85em; line-height: 1.75; }
.src .h td { background: var(--hit-ground); } .src tbody .h .s { color: var(--hit); border-left-color: var(--hit-bar); }
.src .p td { background: var(--partial-ground); }
.src tbody .p .s { color: var(--partial); border-left-color: var(--partial-bar); border-left-style: dashed; }
.src .m td { background: var(--miss-ground); }
.src tbody .m .s { color: var(--miss); border-left-color: var(--miss-bar); border-left-style: double; }
.src .i .s, .src .i .n { color: var(--muted); }
.src .arms { color: var(--muted); font-size: .9em; white-space: normal; }
.src .p .arms { color: var(--partial); } .src .m .arms { color: var(--miss); }
.src tr:target th a { color: var(--link); font-weight: 700; }
.src tr:target td { outline: 2px solid var(--link); outline-offset: -2px; }

@media (max-width: 46rem) {
  body { font-size: 16px; }
  header, main, footer { padding-left: .75rem; padding-right: .75rem; }
  .row { grid-template-columns: minmax(0, 1fr) auto auto; gap: .1rem .6rem; padding: .5rem .6rem; }
  .row .name { grid-column: 1 / -1; }
  .row .n.l, .row .n.hit, .row .n.part { display: none; }
  .row .n.miss::after { content: " missed"; color: var(--muted); }
  .row .n.miss { min-width: 6.5rem; }
  .tree .head { display: none; }
  .tree .head + ul > li:first-child > .row, .tree .head + ul > li.row:first-child { border-top: 0; }
  .tree .bar { margin-left: calc(var(--d, 0) * 1.1rem); }
  .facts .bar { width: 4rem; }
  .facts .x { display: none; }
  .facts .n { width: auto; }
  .src { font-size: 12px; }
  .src th, .src td { padding: 0 .35rem; }
  .src .c { tab-size: 2; }
  .src thead .s, .src tbody .s { padding: 0; font-size: 0; } /* the hits say it as well: 0, or a part of the branches */
}
"""


def stylesheet() -> str:
    """Return the style of all pages."""
    light, dark = (" ".join(f"--{name}: {value};" for name, value in colors.items()) for colors in (LIGHT, DARK))
    return (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n{_RULES.lstrip()}"
    )
