/* Keeps a conversation of the inbox up to date, and sends without loading the page. Without it the page works all the same. */
(() => {
  "use strict";
  const talk = document.getElementById("talk");
  if (!talk) return;
  const path = talk.dataset.path;
  const form = document.getElementById("write");
  const text = document.getElementById("text");
  const toEnd = () => { talk.scrollTop = talk.scrollHeight; };
  let shown = talk.innerHTML.trim();
  let open = Boolean(form);
  let told = 0;
  toEnd();

  async function look() {
    const response = await fetch(`${path}/talk`, { cache: "no-store" });
    if (!response.ok) return;
    const now = (await response.text()).trim();
    if (now && now !== shown) {
      const atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
      shown = now;
      talk.innerHTML = now; /* Our own page, rendered and escaped by the server. */
      if (atEnd) toEnd();
    }
    if (response.headers.get("x-open") === "no") {
      open = false;
      document.getElementById("over").hidden = false;
      form?.remove();
      document.getElementById("done")?.closest("section").remove();
    }
  }

  async function keep_looking() {
    for (;;) {
      await new Promise((done) => setTimeout(done, document.hidden ? 15_000 : 1_500));
      await look().catch(() => {});
    }
  }
  keep_looking();

  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const response = await fetch(form.action, { method: "POST", body });
      if (!response.ok) throw new Error(String(response.status));
      text.value = "";
      form.elements.id.value = crypto.randomUUID ? crypto.randomUUID() : form.elements.id.value.replace(/.{12}$/, () => Date.now().toString(16).padStart(12, "0"));
      await look();
      toEnd();
    } catch {
      form.submit(); /* The page that comes says what is wrong. */
    } finally {
      button.disabled = false;
      text.focus();
    }
  });
  text?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  text?.addEventListener("input", () => {
    if (!open || Date.now() - told < 3_000) return;
    told = Date.now();
    fetch(`${path}/typing`, { method: "POST" }).catch(() => {});
  });
})();
