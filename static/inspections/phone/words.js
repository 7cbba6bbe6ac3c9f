// What the page says, in the reader's language; both dictionaries stand in the shell.
const all = JSON.parse(document.getElementById("phone-words").textContent);
let language = firstLanguage();
document.documentElement.lang = language;

function firstLanguage() {
  const chosen = document.cookie.match(/(?:^|; )django_language=([\w-]+)/)?.[1] ?? navigator.language ?? "en";
  return chosen.toLowerCase().startsWith("zh") ? "zh-hans" : "en";
}

export const currentLanguage = () => language;

/** The page speaks `wanted` from now on; the account's language decides only where no cookie does. */
export function useLanguage(wanted) {
  language = wanted in all ? wanted : "en";
  document.documentElement.lang = language;
}

export const hasChosenLanguage = () => /(?:^|; )django_language=/.test(document.cookie);

/** The words of `key`, with {name} filled in. */
export function t(key, values = {}) {
  const text = all[language][key] ?? all.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_whole, name) => values[name] ?? "");
}

let written = writer();

function writer(timeZone) {
  const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  try {
    return new Intl.DateTimeFormat("en-US", { ...parts, timeZone });
  } catch {
    return new Intl.DateTimeFormat("en-US", parts); // a zone this browser does not know
  }
}

/** Times are said in the account's zone, as on every other page, whatever zone the phone is set to. */
export function useTimeZone(timeZone) {
  written = writer(timeZone);
}

const partsOf = (moment) => Object.fromEntries(written.formatToParts(new Date(moment)).map((part) => [part.type, part.value]));

/** 14:03 in the person's zone; with the day in front if it is another day. */
export function clock(moment) {
  const { year, month, day, hour, minute } = partsOf(moment);
  const today = partsOf(new Date());
  const isToday = year === today.year && month === today.month && day === today.day;
  return isToday ? `${hour}:${minute}` : `${month}-${day} ${hour}:${minute}`;
}

/** "5 min", "3 h", "2 d" since the moment. */
export function age(moment) {
  const minutes = Math.max(0, Math.round((Date.now() - new Date(moment)) / 60000));
  if (minutes < 90) return t("minutes_ago", { n: minutes });
  if (minutes < 48 * 60) return t("hours_ago", { n: Math.round(minutes / 60) });
  return t("days_ago", { n: Math.round(minutes / 1440) });
}
