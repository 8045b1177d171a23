// Curves of several runs over each other: a line for each run, in the colour and dashes of its row in the table.

import { CONFIG, layout, colours, onTheme } from "./theme.js";

const REST = 5000; // milliseconds between two looks while something trains
const CROWD = 6; // more lines than this are told one at a time
const FEW = 40; // points of a line that are marked
const DASHES = ["solid", "dot", "dash", "dashdot"];
const COLOURS = 8;
const CHARTS = ["loss", "accuracy", "margin"];
const KINDS = {
  validation: "validations, each run in the colour of its row",
  train: "training batches, for there are no validations; each run in the colour of its row",
};

const section = document.getElementById("overlay");
let found = null;
let looked = 0;
let busy = false;

const rowOf = (id) => document.querySelector(`tr[data-run="${CSS.escape(id)}"]`);
const nameOf = (id) => [...(rowOf(id)?.querySelectorAll(".run-name .swept") ?? [])].map((part) => part.textContent).join(", ")
  || rowOf(id)?.querySelector(".run-name").textContent || id;
const colourOf = (mark) => getComputedStyle(document.documentElement).getPropertyValue(`--curve-${mark % COLOURS}`).trim();

function trace(run, name, number) {
  const points = run.steps.map((step, i) => [step, run[name][i]]).filter(([, y]) => y != null);
  const best = rowOf(run.id)?.classList.contains("best");
  const colour = colourOf(run.mark);
  return {
    x: points.map(([x]) => x), y: points.map(([, y]) => y), name: nameOf(run.id), type: "scatter",
    mode: points.length > FEW ? "lines" : "lines+markers", marker: { color: colour, size: number > CROWD ? 4 : 6 },
    line: { color: colour, width: best ? 3.5 : 1.75, dash: DASHES[Math.floor(run.mark / COLOURS) % DASHES.length] },
  };
}

function say(name) {
  const told = found.runs.map((run) => {
    const last = run.steps.findLastIndex((_, i) => run[name][i] != null);
    return `${nameOf(run.id)}: ${last < 0 ? "nothing yet" : `${run[name][last].toPrecision(3)} at step ${run.steps[last]}`}.`;
  });
  document.getElementById(`said-${name}`).textContent = told.join(" ");
}

function draw() {
  if (!found?.runs.some((run) => run.steps.length)) return;
  document.getElementById("no-curves").hidden = true;
  document.getElementById("charts").hidden = false;
  document.getElementById("overlay-kind").textContent = KINDS[found.kind];
  const paint = colours();
  const hovermode = found.runs.length > CROWD ? "closest" : "x unified";
  for (const name of CHARTS) {
    const yaxis = name === "accuracy" ? { range: [0, 1.03], tickformat: ".0%" } : { exponentformat: "e" };
    const looks = layout(paint, { hovermode, yaxis, xaxis: { title: { text: "step", standoff: 6 }, nticks: 6 } });
    Plotly.react(`chart-${name}`, found.runs.map((run) => trace(run, name, found.runs.length)), looks, CONFIG);
    say(name);
  }
}

async function update() {
  if (busy || Date.now() - looked < REST) return;
  busy = true;
  const answer = await fetch(section.dataset.source).catch(() => null);
  busy = false;
  looked = Date.now();
  if (!answer?.ok || answer.redirected) return; // the page's own refresh tells what is wrong
  found = await answer.json();
  draw();
}

document.addEventListener("refreshed", update);
onTheme(draw);
update();
