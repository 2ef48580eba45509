/* A file may be dropped anywhere into the marked place; the form works without this. */
(() => {
  "use strict";
  for (const place of document.querySelectorAll("[data-drop]")) {
    const input = place.querySelector("input[type=file]");
    const over = (yes) => place.classList.toggle("drop-over", yes);
    place.querySelector(".drop-words").hidden = false;
    place.addEventListener("dragover", (event) => { event.preventDefault(); over(true); });
    place.addEventListener("dragleave", (event) => { if (!place.contains(event.relatedTarget)) over(false); });
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      over(false);
      if (event.dataTransfer.files.length !== 1) return;
      input.files = event.dataTransfer.files;
      input.form.requestSubmit();
    });
  }
})();
