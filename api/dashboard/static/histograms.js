// A dataset's charts: histograms of scores and margins, scores against lengths, and how many pairs survive a least margin.

import { CONFIG, colours, layout, onTheme } from "./theme.js";

const section = document.getElementById("histograms");
const scorer = document.getElementById("scorer"); // where there are several
const slider = document.getElementById("least");
const PATIENCE = 10; // times that counting took, between two counts
let found = null;
let seen = "";
let later = 0;
let rest = 0; // no earlier than this: a large dataset is counted less often

const middles = (edges) => edges.slice(1).map((edge, i) => (edge + edges[i]) / 2);
const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
const two = (number) => number.toFixed(2).replace("-", "\u2212");
const plain = (number) => String(number).replace("-", "\u2212"); // a tick in full: exactly what is compared

function bars(edges, counts, name, look) {
  const widths = edges.slice(1).map((edge, i) => edge - edges[i]);
  const told = counts.map((_, i) => `${two(edges[i])} to ${two(edges[i + 1])}`);
  const hovertemplate = "%{y} at %{customdata}<extra>" + name + "</extra>";
  return { x: middles(edges), y: counts, width: widths, type: "bar", name, customdata: told, hovertemplate, ...look };
}

function drawScores(paint) {
  const { edges, draft, revision } = found.scores;
  const shown = [
    bars(edges, draft, "draft", { marker: { color: paint.slate }, opacity: 0.65 }),
    bars(edges, revision, "revision", { marker: { color: paint.copper }, opacity: 0.65 }),
  ];
  Plotly.react("scores", shown, layout(paint, { barmode: "overlay", hovermode: "closest" }), CONFIG);
}

function answers(place, name, paint, symbol) {
  const [length, score] = place;
  return {
    x: found.lengths.map((row) => row[length]), y: found.lengths.map((row) => row[score]), name, type: "scatter",
    mode: "markers", marker: { color: paint, size: 7, opacity: 0.55, symbol },
    hovertemplate: "%{x} characters, %{y:.2f}<extra>" + name + "</extra>",
  };
}

function drawLengths(paint) {
  const shown = [answers([3, 5], "rejected", paint.slate, "diamond"), answers([2, 4], "chosen", paint.copper, "circle")];
  const xaxis = { title: { text: "characters", standoff: 6 } };
  Plotly.react("lengths", shown, layout(paint, { hovermode: "closest", xaxis }), CONFIG);
  document.getElementById("drawn").textContent = `${found.lengths.length} pairs`;
}

function drawMargins(paint) {
  const { edges, kept, dropped } = found.margins;
  const least = Number(slider.value);
  const shades = kept.map((_, i) => (i >= least ? paint.copper : paint.line));
  const shown = [
    bars(edges, kept, "kept", { marker: { color: shades } }),
    bars(edges, dropped, "dropped", { marker: { color: paint.slate }, opacity: 0.45 }),
  ];
  Plotly.react("margins", shown, layout(paint, { barmode: "stack", hovermode: "closest", bargap: 0.06 }), CONFIG);
  tell(edges, kept, least);
}

function tell(edges, kept, least) {
  const left = sum(kept.slice(least));
  const total = sum(kept);
  const share = total ? Math.round((100 * left) / total) : 0;
  document.getElementById("least-value").textContent = plain(edges[least]);
  document.getElementById("survivors").textContent = `${left} of ${total} kept pairs with a margin survive (${share}%).`;
  slider.setAttribute("aria-valuetext", `${plain(edges[least])}: ${left} of ${total} pairs`);
}

function draw() {
  if (!found || !found.scores.edges.length) return;
  document.getElementById("no-scores").hidden = true;
  document.getElementById("score-charts").hidden = false;
  const paint = colours();
  drawScores(paint);
  drawLengths(paint);
  if (!found.margins.edges.length) return;
  document.getElementById("margin-card").hidden = false;
  slider.max = found.margins.edges.length - 1;
  drawMargins(paint);
}

async function update() {
  const now = (scorer?.value ?? "") + document.getElementById("progress").textContent + document.getElementById("funnel").textContent;
  if (found && now === seen) return; // nothing was made since
  clearTimeout(later);
  if (performance.now() < rest) return (later = setTimeout(update, rest - performance.now()));
  const begun = performance.now();
  const answer = await fetch(section.dataset.source + (scorer ? `?scorer=${encodeURIComponent(scorer.value)}` : "")).catch(() => null);
  if (!answer?.ok || answer.redirected) return; // the page's own refresh tells what is wrong
  found = await answer.json();
  seen = now;
  rest = performance.now() + PATIENCE * (performance.now() - begun);
  draw();
}

slider.addEventListener("input", () => drawMargins(colours()));
slider.addEventListener("change", () => {
  const least = found.margins.edges[Number(slider.value)];
  for (const id of ["min_margin", "sieve-min_margin"]) {
    const field = document.getElementById(id);
    if (field) field.value = Number(slider.value) ? least : "";
  }
});
scorer?.addEventListener("change", () => {
  rest = 0;
  update();
});
document.addEventListener("refreshed", update);
onTheme(draw);
update();
