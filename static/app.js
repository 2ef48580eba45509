/* The shell's few lines. Every page works without them. */
(() => {
  "use strict";

  // The theme changes at once; the cookie is the same that the form's answer would set.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-form]") || !event.submitter) return;
    event.preventDefault();
    const theme = event.submitter.value;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    if (theme === "auto") delete document.documentElement.dataset.bsTheme;
    else document.documentElement.dataset.bsTheme = theme;
    for (const button of form.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.value === theme));
  });

  // A form that is sent once is not sent twice (forms of htmx look after themselves).
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.matches("[hx-post], [method=get]")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // One checklist's parameters and environments of another choice: ask for the page again, keep what is typed.
  document.addEventListener("change", (event) => {
    const again = event.target.closest("[data-again]");
    if (again) document.getElementById(again.dataset.again).click();
  });
})();
