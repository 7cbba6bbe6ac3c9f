// The last values as a small line, with the bounds as lines across.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 160, HEIGHT = 44, EDGE = 5;

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** An <svg> of [[moment, number] …], oldest first; null for fewer than two. */
export function trend(points, bounds, label) {
  const numbers = (points ?? []).map(([, number]) => Number(number)).filter(Number.isFinite);
  if (numbers.length < 2) return null;
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const near = (value) => value >= low - (high - low || 1) * 1.5 && value <= high + (high - low || 1) * 1.5;
  const limits = Object.entries(bounds).map(([name, value]) => [name, Number(value ?? NaN)]).filter(([, value]) => Number.isFinite(value) && near(value));
  const all = [...numbers, ...limits.map(([, value]) => value)];
  const [bottom, top] = [Math.min(...all), Math.max(...all)];
  const y = (value) => HEIGHT - EDGE - ((value - bottom) / (top - bottom || 1)) * (HEIGHT - 2 * EDGE);
  const x = (place) => EDGE + (place / (numbers.length - 1)) * (WIDTH - 2 * EDGE);
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "trend", role: "img", "aria-label": label });
  for (const [name, value] of limits) {
    svg.append(shape("line", { x1: 0, x2: WIDTH, y1: y(value), y2: y(value), class: name.startsWith("crit") ? "is-crit" : "is-warn" }));
  }
  svg.append(shape("polyline", { points: numbers.map((value, place) => `${x(place).toFixed(1)},${y(value).toFixed(1)}`).join(" ") }));
  svg.append(shape("circle", { cx: x(numbers.length - 1), cy: y(numbers.at(-1)), r: 3 }));
  return svg;
}
