/* The chat widget of Parcours. One tag, no cookie, no library:
 *
 *   <script async src="https://my.shop.example/chat/widget.js"></script>
 *
 * Attributes of the tag, all optional: data-locale (fr, en), data-accent (#rrggbb), data-title, data-position (left, right),
 * data-user and data-proof (who the visitor is, as the shop's server proves it), data-hidden (no button: parcoursChat.open()
 * shows it), data-whole (fills the page).
 *
 * Nothing is asked of the server before the chat is opened, unless there is a conversation already.
 */
(() => {
  "use strict";
  if (window.parcoursChat) return;

  const tag = document.currentScript;
  const base = new URL(".", tag.src).href;
  const set = tag.dataset;
  const whole = "whole" in set;
  const wanted = (set.locale || document.documentElement.lang || navigator.language || "en").toLowerCase();
  const french = wanted.startsWith("fr");
  const words = french
    ? {
        open: "Ouvrir le chat", close: "Fermer le chat", chat: "Chat", log: "Conversation",
        write: "Votre message", send: "Envoyer", again: "Réessayer", failed: "Non envoyé.",
        types: "On vous répond…", away: "Connexion perdue. Nouvel essai…", busy: "Un instant, s’il vous plaît : trop de messages à la fois.",
        older: "Messages précédents", you: "Vous", them: "Nous", choose: "Choisissez une réponse, ou écrivez.",
        unread: (n) => `${n} ${n > 1 ? "nouveaux messages" : "nouveau message"}`, today: "Aujourd’hui", closed: "Le chat n’est pas disponible sur cette page.",
      }
    : {
        open: "Open the chat", close: "Close the chat", chat: "Chat", log: "Conversation",
        write: "Your message", send: "Send", again: "Try again", failed: "Not sent.",
        types: "Somebody is typing…", away: "Connection lost. Trying again…", busy: "One moment, please: too many messages at once.",
        older: "Earlier messages", you: "You", them: "Us", choose: "Choose an answer, or write.",
        unread: (n) => `${n} new ${n > 1 ? "messages" : "message"}`, today: "Today", closed: "The chat is not available on this page.",
      };
  const locale = french ? (wanted.length > 2 ? wanted : "fr") : wanted.startsWith("en") ? wanted : "en";

  /* What is kept in the browser: the visitor's token, and how far they have read. */
  const memory = {};
  const keep = {
    get(name) {
      try { return localStorage.getItem(`parcours.chat.${name}`); } catch { return memory[name] ?? null; }
    },
    put(name, value) {
      memory[name] = value;
      try {
        if (value === null) localStorage.removeItem(`parcours.chat.${name}`);
        else localStorage.setItem(`parcours.chat.${name}`, value);
      } catch { /* Blocked: the conversation lasts as long as the page. */ }
    },
  };

  const sheet = `
:host { all: initial; position: fixed; inset: auto 20px 20px auto; z-index: 2147483000; --accent: #0f6b3c; --on-accent: #fff;
  --bg: #fff; --text: #1c1c1a; --note: #5c5c57; --line: #e3e3de; --edge: #767672; --shop: #f1f1ee; --danger: #a3261b;
  font: 16px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; color: var(--text); color-scheme: light dark; }
:host([data-side="left"]) { inset: auto auto 20px 20px; }
@media (prefers-color-scheme: dark) {
  :host { --bg: #1b1b1a; --text: #efefeb; --note: #b5b5ae; --line: #34342f; --edge: #8d8d86; --shop: #2a2a27; --danger: #ff9a8f; } }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 3px solid var(--text); outline-offset: 2px; }
.launch { position: relative; display: grid; place-items: center; width: 60px; height: 60px; padding: 0; border: 0; border-radius: 50%;
  background: var(--accent); color: var(--on-accent); box-shadow: 0 2px 6px rgb(0 0 0 / .18), 0 8px 28px rgb(0 0 0 / .22); transition: transform .15s; }
.launch:hover { transform: scale(1.05); }
.launch svg { width: 28px; height: 28px; }
.badge { position: absolute; top: -3px; right: -3px; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px; background: #b3261e; color: #fff;
  border: 2px solid var(--bg); font-size: 12px; line-height: 18px; font-weight: 700; }
.panel { position: fixed; inset: auto 20px 20px auto; display: flex; flex-direction: column; width: min(392px, calc(100vw - 40px)); height: min(640px, calc(100dvh - 40px));
  background: var(--bg); border: 1px solid var(--line); border-radius: 18px; overflow: hidden; box-shadow: 0 4px 12px rgb(0 0 0 / .12), 0 18px 60px rgb(0 0 0 / .26); }
:host([data-side="left"]) .panel { inset: auto auto 20px 20px; }
:host([data-whole]) .panel { inset: 0 0 0 0; margin: auto; width: min(720px, 100vw); height: 100dvh; border-radius: 0; border-width: 0 1px; box-shadow: none; }
header { display: flex; align-items: center; gap: 12px; padding: 14px 10px 14px 18px; background: var(--accent); color: var(--on-accent); }
h2 { flex: 1; margin: 0; font-size: 17px; font-weight: 650; letter-spacing: -.01em; overflow-wrap: anywhere; }
header button { display: grid; place-items: center; width: 44px; height: 44px; border: 0; border-radius: 10px; background: transparent; color: inherit; }
header button:hover { background: rgb(255 255 255 / .16); }
header :focus-visible { outline-color: var(--on-accent); outline-offset: -4px; }
header svg { width: 22px; height: 22px; }
.log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 18px 16px 8px; display: flex; flex-direction: column; gap: 3px; }
.log > :first-child { margin-top: auto; }
.older { align-self: center; margin-bottom: 14px; padding: 8px 14px; min-height: 40px; border: 1px solid var(--line); border-radius: 20px; background: transparent; color: var(--note); font-size: 14px; }
.day { align-self: center; margin: 14px 0 8px; font-size: 13px; color: var(--note); }
.line { display: flex; flex-direction: column; align-items: flex-start; max-width: 84%; }
.line.customer { align-self: flex-end; align-items: flex-end; }
.line.turn { margin-top: 10px; }
.bubble { margin: 0; padding: 9px 14px; border-radius: 18px; background: var(--shop); white-space: pre-wrap; overflow-wrap: anywhere; }
.customer .bubble { background: var(--accent); color: var(--on-accent); }
.line.last .bubble { border-bottom-left-radius: 6px; }
.line.last.customer .bubble { border-bottom-left-radius: 18px; border-bottom-right-radius: 6px; }
.bubble a { color: inherit; text-underline-offset: 2px; }
.line time { margin: 4px 6px 0; font-size: 12px; color: var(--note); }
.pending .bubble { opacity: .65; }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.unsent { display: flex; gap: 8px; align-items: center; margin: 4px 4px 0; font-size: 14px; color: var(--danger); }
.unsent button { padding: 4px 8px; min-height: 32px; border: 1px solid currentColor; border-radius: 8px; background: transparent; }
.answers { display: flex; flex-wrap: wrap; gap: 8px; margin: 10px 0 4px; padding: 0; border: 0; min-width: 0; }
.answers button { padding: 8px 16px; min-height: 44px; border: 1.5px solid var(--accent); border-radius: 22px; background: var(--bg); color: var(--text); font-weight: 560; text-align: left; overflow-wrap: anywhere; }
.answers button:hover { background: var(--accent); color: var(--on-accent); }
.typing { align-self: flex-start; display: flex; gap: 5px; margin-top: 10px; padding: 14px 16px; border-radius: 18px 18px 18px 6px; background: var(--shop); }
.typing i { width: 7px; height: 7px; border-radius: 50%; background: var(--note); animation: hop 1.2s infinite; }
.typing i:nth-child(2) { animation-delay: .15s; } .typing i:nth-child(3) { animation-delay: .3s; }
@keyframes hop { 0%, 60%, 100% { transform: none; opacity: .5; } 30% { transform: translateY(-4px); opacity: 1; } }
.note { margin: 0; padding: 6px 16px; font-size: 14px; color: var(--note); text-align: center; }
form { display: flex; align-items: flex-end; gap: 8px; padding: 10px 12px 12px; border-top: 1px solid var(--line); }
textarea { flex: 1; min-height: 44px; max-height: 132px; padding: 10px 14px; border: 1px solid var(--edge); border-radius: 22px; background: var(--bg); resize: none; line-height: 22px; }
textarea:focus-visible { outline: 2px solid var(--text); outline-offset: -1px; }
textarea::placeholder { color: var(--note); opacity: 1; }
form button { flex: none; display: grid; place-items: center; width: 44px; height: 44px; padding: 0; border: 0; border-radius: 50%; background: var(--accent); color: var(--on-accent); }
form button svg { width: 20px; height: 20px; }
@media (max-width: 480px) {
  :host(:not([data-whole])) .panel { inset: 0; width: 100vw; height: 100dvh; border: 0; border-radius: 0; } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .launch, header, .bubble, form button { border: 1px solid ButtonText; } }
@media print { :host { display: none; } }`;

  /* Elements, without any HTML that is put together of texts. */
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value === true) element.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const icon = (path) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("fill", "none");
    svg.setAttribute("stroke", "currentColor");
    svg.setAttribute("stroke-width", "2");
    svg.setAttribute("stroke-linecap", "round");
    svg.setAttribute("stroke-linejoin", "round");
    const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
    shape.setAttribute("d", path);
    svg.append(shape);
    return svg;
  };
  /* Addresses become links, and nothing else does. */
  const linked = (text) => {
    const parts = text.split(/(https:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]}])/);
    return parts.map((part, n) => (n % 2 ? make("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part));
  };

  const host = document.createElement("parcours-chat");
  const root = host.attachShadow({ mode: "open" });
  try {
    const styles = new CSSStyleSheet();
    styles.replaceSync(sheet);
    root.adoptedStyleSheets = [styles];
  } catch {
    root.append(make("style", {}, sheet));
  }
  if (set.position === "left") host.dataset.side = "left";
  if (whole) host.dataset.whole = "";

  const badge = make("span", { class: "badge", hidden: true, "aria-hidden": "true" });
  const launch = make("button", { class: "launch", type: "button", "aria-label": words.open, "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => open() },
    icon("M21 12a8.5 8.5 0 0 1-12.3 7.6L3.5 20.5l1.1-4.900A8.5 8.5 0 1 1 21 12z"), badge);
  const title = make("h2", { id: "title" }, set.title || words.chat);
  const log = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": words.log, tabindex: "0" });
  const typing = make("div", { class: "typing", role: "status", hidden: true }, make("span", { class: "said" }, words.types), make("i"), make("i"), make("i"));
  const note = make("p", { class: "note", role: "status", hidden: true });
  const input = make("textarea", { id: "text", rows: "1", maxlength: "2000", placeholder: words.write, "aria-label": words.write, autocomplete: "off", enterkeyhint: "send" });
  const form = make("form", {}, input, make("button", { type: "submit", "aria-label": words.send }, icon("M22 2 11 13M22 2l-7 20-4-9-9-4z")));
  const shut = make("button", { type: "button", "aria-label": words.close, hidden: whole, onclick: () => close() }, icon("M6 6l12 12M18 6 6 18"));
  const panel = make("section", { class: "panel", role: whole ? "region" : "dialog", "aria-labelledby": "title", hidden: true },
    make("header", {}, title, shut), log, note, form);
  root.append(launch, panel);

  /* -- what is known ------------------------------------------------------------------------------------------ */

  const lines = new Map(); // by id
  let pending = []; // of this page, in the order in which they were said
  let token = null;
  let more = false;
  let seen = Number(keep.get("seen")) || 0;
  let user = set.user && set.proof ? { id: set.user, proof: set.proof } : null;
  let greeting = null;
  let session = null; // a promise, while there is one
  let stream = null; // an AbortController
  let round = 0; // grows when a conversation is left
  const heard = new Set(); // functions of the page

  const isOpen = () => !panel.hidden;
  const last = () => Math.max(0, ...[...lines.values()].map((line) => line.seq));
  const sorted = () => [...lines.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.seq - b.seq));

  class Refused extends Error {
    constructor(status) {
      super(`status ${status}`);
      this.status = status;
    }
  }

  async function ask(path, body, signal) {
    const headers = {};
    if (token) headers.authorization = `Bearer ${token}`;
    if (body) headers["content-type"] = "application/json";
    const response = await fetch(base + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), credentials: "omit", cache: "no-store", signal });
    if (!response.ok) throw new Refused(response.status);
    return response;
  }

  /* Who the visitor is; asked once, and again when the token is too old. */
  function begin() {
    session ??= (async () => {
      const response = await ask("session", { token: keep.get("token"), user, locale });
      const begun = await response.json();
      token = begun.token;
      keep.put("token", token);
      title.textContent = set.title || begun.title;
      paint(set.accent || begun.accent);
      greeting = begun.greeting;
      more = begun.more;
      for (const line of begun.lines) lines.set(line.id, line);
      render();
    })().catch((error) => {
      session = null;
      throw error;
    });
    return session;
  }

  function forget() {
    round += 1;
    stream?.abort();
    stream = null;
    session = null;
    token = null;
    pending = [];
    lines.clear();
    more = false;
    seen = 0;
    keep.put("token", null);
    keep.put("seen", null);
    render();
  }

  /* With a token that is good no more everything begins anew, once. */
  async function surely(work) {
    await begin();
    try {
      return await work();
    } catch (error) {
      if (error.status !== 401) throw error;
      const kept = pending;
      forget();
      pending = kept;
      await begin();
      return work();
    }
  }

  /* -- what is told ------------------------------------------------------------------------------------------- */

  const pause = (ms, signal) => new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
  });

  async function listen() {
    if (stream) return;
    const own = new AbortController();
    stream = own;
    let failures = 0;
    while (!own.signal.aborted) {
      try {
        const response = await ask(`stream?after=${last()}`, null, own.signal);
        failures = 0;
        say(null);
        await read(response.body.getReader());
      } catch (error) {
        if (own.signal.aborted) return;
        if (error.status === 401) {
          forget();
          return;
        }
        failures += 1;
        if (failures > 1 && isOpen()) say(words.away);
        if (error.status === 503) await poll(own.signal).catch(() => {});
      }
      if (own.signal.aborted) return;
      await pause(failures ? Math.min(30_000, 500 * 2 ** failures) * (0.5 + Math.random()) : 250, own.signal);
    }
  }

  /* Too many are connected: asked now and then instead. */
  async function poll(signal) {
    const response = await ask(`lines?after=${last()}`, null, signal);
    for (const line of (await response.json()).lines) take(line);
  }

  async function read(reader) {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const events = text.split("\n\n");
      text = events.pop();
      for (const event of events) {
        const field = (name) => event.split("\n").filter((l) => l.startsWith(`${name}:`)).map((l) => l.slice(name.length + 1).trim()).join("\n");
        if (field("event") === "line") take(JSON.parse(field("data")));
        else if (field("event") === "typing") types(6_000);
      }
    }
  }

  let stopsTyping = 0;
  function types(ms) {
    clearTimeout(stopsTyping);
    typing.hidden = !ms;
    if (ms) {
      stopsTyping = setTimeout(() => types(0), ms);
      log.append(typing);
      toEnd();
    }
  }

  function take(line) {
    const known = lines.has(line.id);
    lines.set(line.id, line);
    pending = pending.filter((p) => p.id !== line.id);
    if (line.who === "shop" && !known) {
      types(0);
      for (const tell of heard) tell({ text: line.text, at: line.at });
    }
    render();
  }

  function say(text) {
    note.hidden = !text;
    note.textContent = text || "";
  }

  /* -- what is said ------------------------------------------------------------------------------------------- */

  const uuid = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    return [...bytes].map((b, n) => ([4, 6, 8, 10].includes(n) ? "-" : "") + b.toString(16).padStart(2, "0")).join("");
  };

  function speak(text, choice, to) {
    const line = { id: uuid(), text, choice, to, at: new Date().toISOString(), failed: false };
    pending.push(line);
    render();
    toEnd();
    send(line);
  }

  /* One after the other, in the order in which they were said. */
  let sending = Promise.resolve();
  function send(line) {
    const own = round;
    line.failed = false;
    sending = sending.then(async () => {
      if (own !== round) return;
      try {
        const body = { id: line.id, text: line.text, choice: line.choice, to: line.to, page: location.href, locale };
        await surely(() => ask("say", body));
        say(null);
        if (!lines.has(line.id)) types(4_000);
        listen();
      } catch (error) {
        line.failed = true;
        say(error.status === 429 ? words.busy : error.status === 403 ? words.closed : null);
      }
      render();
    });
  }

  /* -- what is seen ------------------------------------------------------------------------------------------- */

  const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
  const hour = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const dayOf = (at) => {
    const text = day.format(new Date(at));
    return text === day.format(new Date()) ? words.today : text;
  };

  /* The line's element is kept, so that what is read aloud is only what is new. */
  const shown = new Map();
  function bubble(line, customer) {
    let element = shown.get(line.id);
    if (!element) {
      element = make("div", { class: "line", "data-id": line.id },
        make("p", { class: "bubble" }, make("span", { class: "said" }, `${customer ? words.you : words.them} : `), ...linked(line.text)));
      shown.set(line.id, element);
    }
    element.className = `line ${customer ? "customer" : "shop"}`;
    for (const extra of element.querySelectorAll("time, .unsent, .answers")) extra.remove();
    return element;
  }

  function render() {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    const all = sorted();
    const wanted = [];
    if (more) wanted.push(shownOnce("older", () => make("button", { class: "older", type: "button", onclick: older }, words.older)));
    const hello = greeting && !more ? [{ id: "greeting", who: "shop", text: greeting, at: all[0]?.at ?? new Date().toISOString() }] : [];
    const saying = pending.filter((p) => !lines.has(p.id)).map((p) => ({ ...p, who: "customer", waits: true }));
    const every = [...hello, ...all, ...saying];
    let before = null;
    every.forEach((line, n) => {
      const today = dayOf(line.at);
      if (!before || dayOf(before.at) !== today) wanted.push(shownOnce(`day ${today}`, () => make("p", { class: "day" }, today)));
      const element = bubble(line, line.who === "customer");
      const next = every[n + 1];
      if (!before || before.who !== line.who) element.classList.add("turn");
      const ends = !next || next.who !== line.who || new Date(next.at) - new Date(line.at) > 300_000;
      if (ends) element.classList.add("last");
      if (line.waits) element.classList.add("pending");
      if (line.failed) {
        const again = pending.find((p) => p.id === line.id);
        element.append(make("div", { class: "unsent", role: "alert" }, words.failed, make("button", { type: "button", onclick: () => { send(again); render(); } }, words.again)));
      } else if ((!next || new Date(next.at) - new Date(line.at) > 300_000) && !line.waits && line.id !== "greeting") {
        element.append(make("time", { datetime: line.at }, hour.format(new Date(line.at))));
      }
      wanted.push(element);
      before = line;
    });
    const newest = every[every.length - 1];
    if (newest?.who === "shop" && newest.options?.length) {
      wanted.push(shownOnce(`answers ${newest.id}`, () => make("fieldset", { class: "answers" }, make("legend", { class: "said" }, words.choose),
        ...newest.options.map((option) => make("button", { type: "button", onclick: () => { speak(option.label, option.name, newest.id); input.focus(); } }, option.label)))));
    }
    lay(wanted);
    if (!typing.hidden) log.append(typing);
    if (atEnd) toEnd();
    read_up();
  }

  const once = new Map();
  function shownOnce(key, made) {
    if (!once.has(key)) once.set(key, made());
    return once.get(key);
  }

  /* Puts these elements there, in this order, and touches none that stands right already. */
  function lay(wanted) {
    const keepers = new Set(wanted);
    for (const child of [...log.children]) if (!keepers.has(child) && child !== typing) child.remove();
    let place = log.firstChild;
    for (const element of wanted) {
      if (place === element) place = place.nextSibling;
      else log.insertBefore(element, place);
    }
    for (const key of [...once.keys()]) if (!keepers.has(once.get(key))) once.delete(key);
    for (const [id, element] of [...shown]) if (!keepers.has(element)) shown.delete(id);
  }

  const toEnd = () => { log.scrollTop = log.scrollHeight; };

  function read_up() {
    const newest = last();
    if (isOpen() && document.visibilityState === "visible" && newest > seen) {
      seen = newest;
      keep.put("seen", String(seen));
    }
    const unread = [...lines.values()].filter((line) => line.who === "shop" && line.seq > seen).length;
    badge.hidden = unread === 0;
    badge.textContent = unread > 9 ? "9+" : String(unread);
    launch.setAttribute("aria-label", unread ? `${words.open}: ${words.unread(unread)}` : words.open);
  }

  async function older() {
    const first = Math.min(...[...lines.values()].map((line) => line.seq));
    const height = log.scrollHeight;
    try {
      const page = await (await surely(() => ask(`lines?before=${first}`))).json();
      more = page.more;
      for (const line of page.lines) lines.set(line.id, line);
      render();
      log.scrollTop += log.scrollHeight - height;
      log.focus();
    } catch {
      say(words.away);
    }
  }

  /* Black or white, whichever is read better on it (WCAG 2.2, 1.4.3). */
  function paint(accent) {
    if (!/^#[0-9a-f]{6}$/i.test(accent ?? "")) return;
    const part = (at) => {
      const c = parseInt(accent.slice(at, at + 2), 16) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    };
    const light = 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
    host.style.setProperty("--accent", accent);
    host.style.setProperty("--on-accent", light > 0.179 ? "#111" : "#fff");
  }

  /* -- the page ----------------------------------------------------------------------------------------------- */

  async function open() {
    if (isOpen()) return;
    panel.hidden = false;
    launch.hidden = true;
    launch.setAttribute("aria-expanded", "true");
    if (!whole) input.focus();
    render();
    toEnd();
    try {
      await begin();
      say(null);
      render();
      toEnd();
      if (lines.size) listen();
      surely(() => ask("opened", { page: location.href, locale })).then(() => listen(), () => {});
    } catch (error) {
      say(error.status === 403 ? words.closed : words.away);
      if (error.status !== 403 && isOpen()) setTimeout(() => { if (isOpen() && !session) { panel.hidden = true; open(); } }, 3_000);
    }
  }

  function close() {
    if (!isOpen() || whole) return;
    panel.hidden = true;
    launch.hidden = "hidden" in set;
    launch.setAttribute("aria-expanded", "false");
    if (!launch.hidden) launch.focus();
    read_up();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    grow();
    speak(text);
  });
  const grow = () => {
    input.style.height = "auto";
    input.style.height = `${Math.min(132, input.scrollHeight + 2)}px`;
  };
  input.addEventListener("input", grow);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen()) close();
  });
  document.addEventListener("visibilitychange", read_up);

  window.parcoursChat = {
    open,
    close,
    /* Who the visitor is, as the shop's server proves it: after signing in without loading the page. */
    identify(id, proof) {
      const token = keep.get("token");
      forget();
      keep.put("token", token);
      user = { id, proof };
      if (isOpen() || token) begin().then(listen, () => {});
    },
    /* After signing out: the next visitor begins anew. */
    forget() {
      user = null;
      forget();
      if (isOpen()) begin().catch(() => {});
    },
    /* Calls `tell` with each line of the shop's; returns what ends that. */
    onMessage(tell) {
      heard.add(tell);
      return () => heard.delete(tell);
    },
  };

  const start = () => {
    if (set.accent) paint(set.accent);
    if ("hidden" in set) launch.hidden = true;
    document.body.append(host);
    if (whole) open();
    else if (keep.get("token")) begin().then(() => { if (lines.size) listen(); }, () => {});
  };
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
