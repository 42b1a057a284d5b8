// Everything begins here.
function startTheme() {
  const button = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const tell = () => (button.textContent = isDark() ? "Light" : "Dark");
  button.setAttribute("aria-label", "Switch between light and dark");
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    tell();
  });
  system.addEventListener("change", tell);
  button.hidden = false;
  tell();
}

startTheme();
if (items.length) {
  byId("list").hidden = false;
  startTable();
  startPicture();
  select();
  drawTable();
  setTimeout(prepareSearch, 50);
}
if (view.calibration?.bins.length) startChart("chart-bins", binsChart);
if (view.calibration?.coverage.length) startChart("chart-coverage", coverageChart);
if (view.facts.saves.length) startChart("chart-saves", savesChart);
if (view.learning_curve?.predicted.length) startChart("chart-curve", curveChart);
