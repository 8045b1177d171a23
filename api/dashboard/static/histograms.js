// A dataset's histograms, and a slider that says how many pairs survive a least margin.

import { CONFIG, colours, layout, onTheme } from "./theme.js";

const section = document.getElementById("histograms");
const slider = document.getElementById("least");
let found = null;

const middles = (edges) => edges.slice(1).map((edge, i) => (edge + edges[i]) / 2);
const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
const two = (number) => number.toFixed(2).replace("-", "\u2212");

function bars(edges, counts, name, color) {
  const widths = edges.slice(1).map((edge, i) => edge - edges[i]);
  const told = counts.map((_, i) => `${two(edges[i])} to ${two(edges[i + 1])}`);
  const hovertemplate = "%{y} at %{customdata}<extra>" + name + "</extra>";
  return { x: middles(edges), y: counts, width: widths, type: "bar", name, customdata: told, hovertemplate, marker: { color } };
}

function drawScores(paint) {
  const { edges, draft, revision } = found.scores;
  const shown = [
    { ...bars(edges, draft, "draft", paint.slate), opacity: 0.65 },
    { ...bars(edges, revision, "revision", paint.copper), opacity: 0.65 },
  ];
  Plotly.react("scores", shown, layout(paint, { barmode: "overlay", hovermode: "closest" }), CONFIG);
}

function drawMargins(paint) {
  const { edges, counts } = found.margins;
  const least = Number(slider.value);
  const shades = counts.map((_, i) => (i >= least ? paint.copper : paint.line));
  Plotly.react("margins", [bars(edges, counts, "pairs", shades)], layout(paint, { hovermode: "closest", bargap: 0.06 }), CONFIG);
  const left = sum(counts.slice(least));
  const total = sum(counts);
  const share = total ? Math.round((100 * left) / total) : 0;
  document.getElementById("least-value").textContent = two(edges[least]);
  document.getElementById("survivors").textContent = `${left} of ${total} scored pairs survive (${share}%).`;
  slider.setAttribute("aria-valuetext", `${two(edges[least])}: ${left} of ${total} pairs`);
}

function draw() {
  if (!found || !found.scores.edges.length) return;
  document.getElementById("no-scores").hidden = true;
  document.getElementById("score-charts").hidden = false;
  slider.max = found.margins.counts.length;
  const paint = colours();
  drawScores(paint);
  drawMargins(paint);
}

async function update() {
  const answer = await fetch(section.dataset.source).catch(() => null);
  if (!answer?.ok || answer.redirected) return; // the page's own refresh tells what is wrong
  const text = await answer.text();
  if (found && JSON.stringify(found) === text) return;
  found = JSON.parse(text);
  draw();
}

slider.addEventListener("input", () => drawMargins(colours()));
slider.addEventListener("change", () => {
  document.getElementById("min_margin").value = Number(slider.value) ? found.margins.edges[Number(slider.value)].toFixed(4) : "";
});
document.addEventListener("refreshed", update);
onTheme(draw);
update();
