// A run's curves: rows are fetched once each and drawn again whenever there are new ones.

import { CONFIG, colours, layout, onTheme } from "./theme.js";

const MOST = 800; // points drawn of one line
const WEIGHT = 0.9; // of the past, in the smoothed line

const CHARTS = {
  loss: [["loss", (v) => v.loss, "copper"]],
  margin: [["margin", (v) => v.margin, "copper"]],
  accuracy: [["accuracy", (v) => v.accuracy, "copper"]],
  logps: [["chosen", (v) => v.logp_chosen, "copper"], ["rejected", (v) => v.logp_rejected, "slate"]],
  learning_rate: [["learning rate", (v) => v.learning_rate, "copper"]],
  grad_norm: [["gradient norm", (v) => v.gradient_norm, "copper"]],
};

const section = document.getElementById("curves");
const rows = { train: [], validation: [] };
let last = null;
let busy = false;

async function fetchNew() {
  let more = true;
  let grown = false;
  while (more) {
    const answer = await fetch(section.dataset.source + (last ? `?after=${last}` : "")).catch(() => null);
    if (!answer?.ok || answer.redirected) return grown; // the page's own refresh tells what is wrong
    const found = await answer.json();
    for (const row of found.rows) rows[row.kind].push(row);
    grown ||= found.rows.length > 0;
    last = found.last ?? last;
    more = found.more;
  }
  return grown;
}

function thin(points) {
  const stride = Math.ceil(points.length / MOST);
  return stride < 2 ? points : points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

function smooth(points) {
  let held = null;
  return points.map(([x, y]) => [x, (held = held === null ? y : WEIGHT * held + (1 - WEIGHT) * y)]);
}

function pointsOf(kind, read) {
  return rows[kind].map((row) => [row.step, read(row.values)]).filter(([, y]) => y != null);
}

function line(points, name, look) {
  return { x: points.map(([x]) => x), y: points.map(([, y]) => y), name, type: "scatter", ...look };
}

function traces(lines, paint) {
  const wanted = document.getElementById("smooth").checked;
  return lines.flatMap(([name, read, colour]) => {
    const every = pointsOf("train", read);
    const points = thin(wanted ? smooth(every) : every);
    const mode = points.length > 1 ? "lines" : "markers";
    const shown = [line(points, name, { mode, line: { color: paint[colour], width: 2 }, marker: { color: paint[colour] } })];
    const held = pointsOf("validation", read);
    const dots = { mode: "markers", marker: { color: paint.surface, size: 8, line: { color: paint[colour], width: 2 } } };
    return held.length ? [...shown, line(held, `${name}, validation`, dots)] : shown;
  });
}

function say(name, lines) {
  const told = lines.map(([title, read]) => {
    const points = pointsOf("train", read);
    if (!points.length) return `${title}: nothing yet.`;
    const [[first, from], [end, to]] = [points[0], points.at(-1)];
    return `${title}: ${from.toPrecision(3)} at step ${first}, ${to.toPrecision(3)} at step ${end}.`;
  });
  document.getElementById(`said-${name}`).textContent = told.join(" ");
}

function draw() {
  if (!rows.train.length) return;
  document.getElementById("no-curves").hidden = true;
  document.getElementById("charts").hidden = false;
  const paint = colours();
  for (const [name, lines] of Object.entries(CHARTS)) {
    const yaxis = name === "accuracy" ? { range: [0, 1.03], tickformat: ".0%" } : { exponentformat: "e" };
    const looks = layout(paint, { yaxis, xaxis: { title: { text: "step", standoff: 6 }, nticks: 8 } });
    Plotly.react(`chart-${name}`, traces(lines, paint), looks, CONFIG);
    say(name, lines);
  }
}

async function update() {
  if (busy) return;
  busy = true;
  try {
    if (await fetchNew()) draw();
  } finally {
    busy = false;
  }
}

document.addEventListener("refreshed", update);
document.getElementById("smooth").addEventListener("change", draw);
onTheme(draw);
update();
