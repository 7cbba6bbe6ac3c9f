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

const two = (number) => String(number).padStart(2, "0");

/** 14:03 on the phone's clock; with the day in front if it is another day. */
export function clock(moment) {
  const at = new Date(moment);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === new Date().toDateString()) return time;
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** "5 min", "3 h", "2 d" since the moment. */
export function age(moment) {
  const minutes = Math.max(0, Math.round((Date.now() - new Date(moment)) / 60000));
  if (minutes < 90) return t("minutes_ago", { n: minutes });
  if (minutes < 48 * 60) return t("hours_ago", { n: Math.round(minutes / 60) });
  return t("days_ago", { n: Math.round(minutes / 1440) });
}
