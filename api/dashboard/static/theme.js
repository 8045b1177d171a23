// How charts look, read from the style sheet so that they follow dark and light.

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    copper: read("--copper"), slate: read("--slate"), ink: read("--ink"), muted: read("--muted"),
    grid: read("--grid"), line: read("--line"), surface: read("--surface"), font: read("--font"),
  };
}

export function layout(paint, changes = {}) {
  const axis = {
    gridcolor: paint.grid, linecolor: paint.line, zeroline: false, automargin: true, fixedrange: true,
    tickfont: { color: paint.muted }, nticks: 6,
  };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false, showlegend: false,
    margin: { l: 44, r: 10, t: 8, b: 34 }, font: { family: paint.font, size: 12, color: paint.muted },
    hoverlabel: { bgcolor: paint.surface, bordercolor: paint.line, font: { color: paint.ink, family: paint.font } },
    hovermode: "x unified", ...changes,
    xaxis: { ...axis, showgrid: false, ...changes.xaxis }, yaxis: { ...axis, ...changes.yaxis },
  };
}

export const CONFIG = { displayModeBar: false, responsive: true };

export function onTheme(draw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
