// What does not fit a narrow screen is scrolled so that today stands beside the names of the shifts.
const wrap = document.querySelector(".table-wrap:has(.rota)");
const today = wrap?.querySelector("thead .is-today");
if (today) wrap.scrollLeft = today.offsetLeft - wrap.querySelector("tbody th").offsetWidth;
