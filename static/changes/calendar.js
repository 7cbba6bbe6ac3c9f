// The calendar of changes, drawn over the list that the page brings along. Times come as the reader's clock shows them.
const data = JSON.parse(document.getElementById("drawn").textContent);
const place = document.getElementById("calendar");
const VIEWS = { month: "dayGridMonth", week: "timeGridWeek", timeline: "resourceTimelineWeek" };
const sameZone = Intl.DateTimeFormat().resolvedOptions().timeZone === data.zone;

const element = (name, className, text) => {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
};

function content({ event, view }) {
  const { url, words, icon, collides, time } = event.extendedProps;
  if (event.display === "background") return { domNodes: [element("span", "shade", event.title)] };
  const link = element("a", "", "");
  link.href = url;
  link.title = `${event.title}\n${words}`;
  const kind = element("span", "icon", icon);
  kind.setAttribute("aria-hidden", "true");
  link.append(kind);
  if (view.type === VIEWS.month && time) link.append(element("span", "at", time));
  if (collides) {
    const mark = element("span", "icon collides", "warning");
    mark.setAttribute("aria-hidden", "true");
    link.append(mark);
  }
  link.append(element("span", "what", event.title), element("span", "visually-hidden", words));
  return { domNodes: [link] };
}

place.hidden = false;
document.querySelector(".by-day").classList.add("is-drawn");
globalThis.EventCalendar.create(place, {
  view: VIEWS[data.view],
  date: data.date,
  locale: data.locale,
  firstDay: 1,
  eventStartEditable: false,
  eventDurationEditable: false,
  height: "auto",
  headerToolbar: { start: "", center: "", end: "" },
  resources: data.resources,
  events: data.events,
  eventContent: content,
  eventDidMount: ({ el, event }) => {
    if (event.display === "background") el.title = event.extendedProps.words;
    else el.removeAttribute("tabindex"); // the link inside is what the keyboard reaches
  },
  nowIndicator: sameZone, // the library knows the browser's clock alone
  theme: (theme) => (sameZone ? theme : { ...theme, today: "ec-not-known" }),
  scrollTime: "07:00:00",
  allDayContent: data.allDay,
  slotDuration: data.view === "timeline" ? "12:00:00" : "01:00:00",
  slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
  slotEventOverlap: false,
  views: { resourceTimelineWeek: { duration: { weeks: 2 }, slotWidth: 44 } },
});
