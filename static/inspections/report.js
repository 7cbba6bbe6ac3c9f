// The print button of the report.
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
