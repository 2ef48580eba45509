/* The gate page's few lines: look only while somebody looks, keep what is typed, keep times true. */
(() => {
  "use strict";

  // A hidden page asks nothing; a page that is looked at again asks at once.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target.id === "poller") event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    const poller = document.getElementById("poller");
    if (!document.hidden && poller && window.htmx) window.htmx.trigger(poller, "look");
  });

  // What somebody is typing is never replaced by what somebody else did.
  const mark = (event) => {
    const forms = event.target.closest && event.target.closest(".item-forms");
    if (forms) forms.dataset.dirty = "yes";
  };
  for (const name of ["input", "change"]) document.addEventListener(name, mark);
  document.addEventListener("toggle", mark, true);
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const gentle = event.detail.fragment && event.detail.fragment.querySelector("[data-gentle]");
    if (gentle && event.detail.target.dataset.dirty) event.detail.shouldSwap = false;
  });

  // A server that is away is said so, once.
  const away = (lost) => document.documentElement.classList.toggle("connection-lost", lost);
  document.addEventListener("htmx:sendError", () => away(true));
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) away(false); });

  // A link to a row opens it.
  const open = () => {
    const row = location.hash.startsWith("#item-") && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (row && row.tagName === "DETAILS") { row.open = true; row.scrollIntoView({ block: "start" }); }
  };
  addEventListener("hashchange", open);
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#item-"]');
    if (link && link.hash === location.hash) open();
  });
  if (document.readyState === "complete") open(); else addEventListener("load", open);

  // "checked 3 min ago" stays true while the page stands.
  const words = (seconds, kind) => {
    if (kind === "for") return `for ${seconds < 90 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`}`;
    if (seconds < 45) return "checked just now";
    return seconds < 3600 ? `checked ${Math.max(1, Math.round(seconds / 60))} min ago` : null;
  };
  setInterval(() => {
    if (document.hidden) return;
    for (const time of document.querySelectorAll("time[data-live]")) {
      const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(time.dateTime)) / 1000));
      const said = time.dataset.live && words(seconds, time.dataset.live);
      if (said && time.textContent !== said) time.textContent = said;
    }
  }, 1000);
})();
