/* Passkeys: asks the browser, puts its answer into the form's hidden field, sends the form.
   A form, or a part of one, with data-passkey="add", "use" or "sign-in" holds a button and a hidden field. */
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const words = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const add = async (options) => {
    const asked = { ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
      authenticatorSelection: { ...options.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" } };
    const made = await navigator.credentials.create({ publicKey: asked });
    return { type: made.type, id: made.id, rawId: words(made.rawId), clientExtensionResults: made.getClientExtensionResults(),
      response: { clientDataJSON: words(made.response.clientDataJSON), attestationObject: words(made.response.attestationObject),
        transports: made.response.getTransports ? made.response.getTransports() : [] } };
  };

  const use = async (options) => {
    const asked = { ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials) };
    const made = await navigator.credentials.get({ publicKey: asked });
    const { clientDataJSON, authenticatorData, signature, userHandle } = made.response;
    return { type: made.type, id: made.id, rawId: words(made.rawId), clientExtensionResults: made.getClientExtensionResults(),
      response: { clientDataJSON: words(clientDataJSON), authenticatorData: words(authenticatorData), signature: words(signature),
        userHandle: userHandle ? words(userHandle) : null } };
  };

  const options = async (part, form) => {
    if (part.dataset.passkey !== "sign-in") return JSON.parse(part.querySelector("[data-options]").dataset.options).publicKey;
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return (await answer.json()).request_options.publicKey;
  };

  for (const part of document.querySelectorAll("[data-passkey]")) {
    const form = part.closest("form"), button = part.querySelector("[data-passkey-button]");
    const field = part.querySelector("[data-passkey-answer]"), said = part.querySelector("[data-passkey-said]");
    const show = (mark, hidden) => { for (const one of part.querySelectorAll(mark)) one.hidden = hidden; };
    part.hidden = false;
    show("[data-passkey-hidden]", false);
    show("[data-passkey-without]", true);
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      if (!form.reportValidity()) return;
      button.disabled = true;
      said.textContent = "";
      try {
        const asked = await options(part, form);
        field.value = JSON.stringify(part.dataset.passkey === "add" ? await add(asked) : await use(asked));
        form.requestSubmit();
      } catch (error) {
        field.value = "";
        said.textContent = error.name === "InvalidStateError" ? "This passkey is one of your account already."
          : error.name === "NotAllowedError" ? "No passkey was used: the browser’s window was closed or its time was up. Try again."
          : `The browser could not use a passkey: ${error.message}`;
      }
      button.disabled = false;
    });
  }
})();
