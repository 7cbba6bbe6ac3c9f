// The newest day stands last: what does not fit is what is old.
const wrap = document.querySelector("[data-newest-last]");
if (wrap) wrap.scrollLeft = wrap.scrollWidth;
