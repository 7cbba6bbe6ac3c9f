// Exact decimals: 0.1 + 0.2 has no place on a check list. A number is its digits and its number of places.
const SHAPE = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;
export const RANK = { ok: 0, na: 0, unknown: 1, warn: 2, crit: 3 };

/** What people type on Chinese and German keyboards, as a plain decimal number. */
export function tidy(text) {
  const plain = String(text).normalize("NFKC").replace(/[−–—]/g, "-").replace(/。/g, ".").replace(/\s/g, "");
  return /^[+-]?\d+,\d+$/.test(plain) ? plain.replace(",", ".") : plain;
}

/** {digits, places} of a plain decimal number, null if the text is none. */
export function parse(text) {
  const plain = tidy(text ?? "");
  if (!SHAPE.test(plain)) return null;
  const [whole, fraction = ""] = plain.replace("+", "").split(".");
  const kept = fraction.replace(/0+$/, "");
  return { digits: BigInt(`${whole}${kept}` === "-" ? "0" : `${whole}${kept}` || "0"), places: kept.length };
}

function aligned(a, b) {
  const places = Math.max(a.places, b.places);
  return [a, b].map((each) => each.digits * 10n ** BigInt(places - each.places)).concat(places);
}

/** Below 0, 0 or above 0, as a is smaller than, equal to or larger than b. */
export function compare(a, b) {
  const [left, right] = aligned(parse(a), parse(b));
  return left < right ? -1 : Number(left > right);
}

/** "+0.3" or "−12": how far `a` lies from `b`; empty if it does not. */
export function difference(a, b) {
  const [from, to] = [parse(b), parse(a)];
  if (!from || !to) return "";
  const [left, right, places] = aligned(to, from);
  const delta = left - right;
  if (delta === 0n) return "";
  const digits = String(delta < 0n ? -delta : delta).padStart(places + 1, "0");
  const text = places ? `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, "") : digits;
  return `${delta > 0n ? "+" : "−"}${text}`;
}

/** ok | warn | crit by the bounds: reached is exceeded, on both sides. */
export function grade(value, bounds = {}) {
  const over = (name) => bounds[name] !== undefined && bounds[name] !== null && compare(value, bounds[name]) >= 0;
  const under = (name) => bounds[name] !== undefined && bounds[name] !== null && compare(value, bounds[name]) <= 0;
  if (over("crit_high") || under("crit_low")) return "crit";
  return over("warn_high") || under("warn_low") ? "warn" : "ok";
}
