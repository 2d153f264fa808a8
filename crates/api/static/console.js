/* What makes the console quick: keys, and pages that keep themselves up to date. Without it every page works all the same. */
(() => {
  "use strict";

  /* Pages that are told when something has changed: `data-live` names who tells, `data-part` what is exchanged. */
  const live = document.querySelector("[data-live]");
  const parts = () => [...document.querySelectorAll("[data-part]")];
  let source = null;
  let looking = false;
  let again = false;

  function listen() {
    if (!live || source || document.hidden) return;
    source = new EventSource(live.dataset.live);
    source.addEventListener("changed", look);
    source.addEventListener("open", () => live.classList.add("on"));
    source.addEventListener("error", () => live.classList.remove("on"));
  }
  function rest() {
    source?.close();
    source = null;
    live?.classList.remove("on");
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return rest();
    listen();
    look();
  });

  async function look() {
    if (!live) return;
    if (looking) { again = true; return; }
    looking = true;
    try {
      const response = await fetch(location.href, { cache: "no-store", headers: { accept: "text/html" } });
      if (response.ok) exchange(new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch { /* The next change is told as well. */ }
    looking = false;
    if (again) { again = false; setTimeout(look, 500); }
  }

  /* Our own page, rendered and escaped by the server. What is open stays open; where somebody writes, nothing is changed. */
  function exchange(page) {
    for (const part of parts()) {
      const now = page.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
      if (!now || busy(part)) continue;
      const open = new Set([...part.querySelectorAll("details[id][open]")].map((d) => d.id));
      for (const details of now.querySelectorAll("details[id]")) {
        if (open.has(details.id)) details.open = true;
      }
      if (part.innerHTML === now.innerHTML) continue;
      const focus = part.contains(document.activeElement) ? document.activeElement.id || document.activeElement.closest("[id]")?.id : null;
      part.innerHTML = now.innerHTML;
      if (focus && part.querySelector(`#${CSS.escape(focus)}`)) {
        const found = document.getElementById(focus);
        (found.matches("details") ? found.querySelector("summary") : found).focus({ preventScroll: true });
      }
    }
  }
  function busy(part) {
    const active = document.activeElement;
    return part.contains(active) && active.matches("input, textarea, select");
  }
  listen();

  /* A select or box that is marked so submits its form when it is changed. */
  document.addEventListener("change", (event) => {
    const field = event.target.closest("[data-submits]");
    if (field) field.form.requestSubmit();
  });

  /* Keys. */
  const keys = document.getElementById("keys");
  const on = document.getElementById("keys-on");
  const shortcuts = document.getElementById("shortcuts");
  const kept = { get: () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } }, set: (yes) => { try { localStorage.setItem("keys", yes ? "on" : "off"); } catch { /* Then for this page alone. */ } } };
  if (on) {
    on.checked = kept.get();
    on.addEventListener("change", () => kept.set(on.checked));
  }
  if (shortcuts) {
    shortcuts.hidden = false;
    shortcuts.addEventListener("click", () => keys.showModal());
  }
  let going = 0;
  const lines = () => [...document.querySelectorAll("main tbody th a, main .timeline summary, main .letters a, main [data-line]")]
    .filter((line) => line.checkVisibility());

  function step(by) {
    const all = lines();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by));
    all[next].focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (keys?.open || (on && !on.checked)) return;
    if (Date.now() - going < 1_500) {
      going = 0;
      const to = document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`);
      if (to) { event.preventDefault(); to.click(); }
      return;
    }
    const find = document.getElementById("find");
    switch (event.key) {
      case "/": if (find) { event.preventDefault(); find.focus(); find.select(); } break;
      case "g": going = Date.now(); break;
      case "j": step(1); break;
      case "k": step(-1); break;
      case "?": keys?.showModal?.(); break;
    }
  });
})();
