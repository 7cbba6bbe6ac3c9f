// The trend of one check item, drawn by uPlot: dots for answers, a line for readings, dashed lines for the bounds.
const data = JSON.parse(document.getElementById("drawn").textContent);
const place = document.getElementById("trend");
const HEIGHT = 320;
const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
const bound = { warn: "--tone-warn", crit: "--tone-bad" };

function drawBounds(plot) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const { level, value, label } of data.bounds) {
    const y = plot.valToPos(value, "y", true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = ctx.fillStyle = colour(bound[level]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(`${label} ${value} ${data.unit}`, bbox.left + 6 * devicePixelRatio, y - 4 * devicePixelRatio);
  }
  ctx.restore();
}

// Values first; a bound far away does not flatten them, one nearby is shown.
function range(plot, low, high) {
  const span = high - low || Math.abs(high) || 1;
  const near = data.bounds.map(({ value }) => value).filter((value) => value > low - span && value < high + span);
  const [from, to] = [Math.min(low, ...near), Math.max(high, ...near)];
  return [from - (to - from || span) * 0.08, to + (to - from || span) * 0.08];
}

// The whole time that was asked for, in the zone of the page, said as the page says times in both languages.
const clock = "{HH}:{mm}";
const times = [
  [3600 * 24 * 365, "{YYYY}", null, null, null, null, null, null, 1],
  [3600 * 24 * 28, "{YYYY}-{MM}", null, null, null, null, null, null, 1],
  [3600 * 24, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, clock, "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
  [1, `${clock}:{ss}`, "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
];
const here = (time) => uPlot.tzDate(new Date(time * 1000), data.zone);

const axis = () => ({ stroke: colour("--text"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } });
const shown = (plot, value) => (value === null || value === undefined ? "—" : `${value} ${data.unit}`.trim());
let plot = null;

function draw() {
  plot?.destroy();
  const [answers, readings] = [colour("--tone-done"), colour("--tone-info")];
  const points = { show: true, size: 7, stroke: answers, fill: answers };
  plot = new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      tzDate: here,
      scales: { x: { range: () => [data.from, data.until] }, y: { range } },
      series: [
        { label: data.words.time, value: `{YYYY}-{MM}-{DD} ${clock}` },
        { label: data.words.answers, stroke: answers, paths: () => null, points, value: shown },
        { label: data.words.readings, stroke: readings, width: 1.5, spanGaps: true, value: shown },
      ],
      axes: [{ ...axis(), values: times }, { ...axis(), size: 64 }],
      hooks: { draw: [drawBounds] },
    },
    [data.times, data.answers, data.readings],
    place,
  );
}

draw();
new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["class", "data-theme"] });
