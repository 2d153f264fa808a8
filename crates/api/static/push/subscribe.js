// Push notifications by Parcours, for the shop's own pages:
//
//   <script src="https://my.shop.example/push/subscribe.js"></script>
//   <button id="notify">Get notifications</button>
//   <script>
//     notify.onclick = () => parcours.push.subscribe({ link: LINKS_PUSH, worker: "/worker.js" });
//   </script>
//
// `link` is what `links.push` prints in a message, or its last part. `worker` is a service worker of the page's own
// origin; it may be one line: importScripts("https://my.shop.example/push/worker.js"). Nothing is kept by cookies.
"use strict";
(() => {
  const key = "@KEY@";
  const script = document.currentScript.src;
  const ours = new URL("worker.js", script).href;

  // Browsers without notifications, and pages that are not served by https.
  const able = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

  const bytes = (base64url) => {
    const base64 = base64url.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  };

  const registration = async (worker = ours) => {
    await navigator.serviceWorker.register(worker);
    const of = new URL(".", new URL(worker, location.href)).href;
    const found = await navigator.serviceWorker.getRegistration(of);
    await active(found);
    return found;
  };

  // A browser subscribes for a worker that is active only.
  const active = (registration) => {
    const worker = registration.installing ?? registration.waiting;
    if (registration.active || !worker) return undefined;
    return new Promise((resolve) => {
      worker.addEventListener("statechange", () => worker.state === "activated" && resolve());
      if (worker.state === "activated") resolve();
    });
  };

  // A page of another origin may ask: the content's type is one that needs no asking beforehand.
  const tell = async (link, said) => {
    const to = new URL(String(link).split("/").pop(), script).href;
    const answer = await fetch(to, { method: "POST", credentials: "omit", body: JSON.stringify(said) });
    if (!answer.ok) throw new Error(`parcours.push: ${answer.status} ${answer.status === 400 ? await answer.text() : ""}`);
  };

  const current = async (worker) => {
    const found = await navigator.serviceWorker.getRegistration(new URL(".", new URL(worker ?? ours, location.href)).href);
    return found ? found.pushManager.getSubscription() : null;
  };

  const same = (a, b) => a && a.byteLength === b.byteLength && new Uint8Array(a).every((byte, at) => byte === b[at]);

  // Asks for permission, subscribes this browser and tells; gives "granted", "denied", "default" (not answered) or
  // "unable". Call it from a click: browsers ask for nothing otherwise.
  const subscribe = async ({ link, worker }) => {
    if (!able() || !key) return "unable";
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return permission;
    const { pushManager } = await registration(worker);
    // One that is tied to another key, of before, is in the way.
    const before = await pushManager.getSubscription();
    if (before && !same(before.options.applicationServerKey, bytes(key))) await before.unsubscribe();
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
    await tell(link, { subscribe: subscription });
    return permission;
  };

  // Takes this browser's subscription back, here and at the push service.
  const unsubscribe = async ({ link, worker }) => {
    const subscription = able() && (await current(worker));
    if (!subscription) return;
    await tell(link, { unsubscribe: subscription });
    await subscription.unsubscribe();
  };

  // "on", "off", "denied" or "unable".
  const state = async ({ worker } = {}) => {
    if (!able() || !key) return "unable";
    if (Notification.permission === "denied") return "denied";
    return Notification.permission === "granted" && (await current(worker)) ? "on" : "off";
  };

  window.parcours = Object.assign(window.parcours ?? {}, { push: { subscribe, unsubscribe, state } });
})();
