/* What the search gains from a script: a position on request, shorter addresses, and list and map that point at each
   other. Without it all of the page works. */

const form = document.querySelector("[data-search]");
const near = document.querySelector("[data-near]");
const said = document.querySelector("[data-near-said]");

form.addEventListener("submit", () => {
  for (const field of form.elements) {
    if (field.name && !field.value) field.disabled = true; // an address names what was asked, and nothing else
  }
});
addEventListener("pageshow", () => {
  for (const field of form.elements) field.disabled = false;
});

if ("geolocation" in navigator) {
  near.hidden = false;
  near.addEventListener("click", () => {
    said.textContent = said.dataset.rounded;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.near.value = `${coords.latitude.toFixed(2)},${coords.longitude.toFixed(2)}`;
        form.requestSubmit();
      },
      () => {
        said.textContent = said.dataset.failed;
      },
      { timeout: 10000, maximumAge: 600000 },
    );
  });
}

const markers = [...document.querySelectorAll(".map__marker")];
for (const hit of document.querySelectorAll(".hit")) {
  const number = hit.id.replace("entry-", "");
  const mine = markers.filter((marker) => marker.dataset.numbers.split(" ").includes(number));
  const mark = (on) => () => mine.forEach((marker) => marker.classList.toggle("map__marker--marked", on));
  for (const event of ["mouseenter", "focusin"]) hit.addEventListener(event, mark(true));
  for (const event of ["mouseleave", "focusout"]) hit.addEventListener(event, mark(false));
  for (const marker of mine) {
    marker.addEventListener("mouseenter", () => hit.classList.add("hit--marked"));
    marker.addEventListener("mouseleave", () => hit.classList.remove("hit--marked"));
  }
}
