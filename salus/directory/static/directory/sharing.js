/* The button that passes a page on: by the telephone's own sheet, or by the clipboard. Without this script there is
   the address as a link. */

for (const button of document.querySelectorAll("[data-share]")) {
  const url = button.dataset.share;
  if (!navigator.share && !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      if (navigator.share) return await navigator.share({ url, title: document.title });
      await navigator.clipboard.writeText(url);
      button.closest("section").querySelector("[role=status]").textContent = button.dataset.done;
    } catch {
      /* The reader thought better of it. */
    }
  });
}
