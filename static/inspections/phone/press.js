// What is pressed stays: a button that is drawn anew between press and release loses its click.
const due = new Set();
let isPressed = false;

/** `draw`, put off until nothing is pressed; once, however often it was asked for. */
export function unpressed(draw) {
  return () => {
    if (isPressed) due.add(draw);
    else draw();
  };
}

function drawDue() {
  if (isPressed) return;
  const draws = [...due];
  due.clear();
  for (const draw of draws) draw();
}

function release() {
  isPressed = false;
  setTimeout(drawDue);  // after the click, which follows the release at once
}

window.addEventListener("pointerdown", () => { isPressed = true; }, true);
for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, release, true);
window.addEventListener("blur", (event) => { if (event.target === window) release(); });
