/* Draws each chart anew, with values under the pointer, and opens what a numeral leads to. Without this script the
   drawings stay as they are. */

"use strict";

for (const figure of document.querySelectorAll(".report-chart")) {
  const drawing = figure.querySelector(".report-drawing");
  const specification = JSON.parse(figure.querySelector("script").textContent);
  const fallback = drawing.innerHTML;
  specification.width = "container";
  specification.autosize = { type: "fit", contains: "padding" };
  specification.config.axisX = { ...specification.config.axisX, labelOverlap: true, labelSeparation: 3 };
  if (figure.clientWidth < 480) {
    specification.config.legend = { ...specification.config.legend, columns: 1 }; // else cut off
  }
  specification.config.font = getComputedStyle(figure).fontFamily; // to measure texts with
  vegaEmbed(drawing, specification, {
    mode: "vega-lite",
    renderer: "svg",
    actions: false,
    ast: true, // no eval: the policy of the site forbids it
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
  }).catch(() => {
    drawing.innerHTML = fallback;
  });
}

// A numeral leads to an explanation: open it.
function explain() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
  }
}
addEventListener("hashchange", explain);
explain();
