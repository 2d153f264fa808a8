// The service worker of push notifications by Parcours: shows what arrives, and follows taps.
//
// A shop whose pages subscribe by themselves needs a worker of its own origin. One line of it is enough:
//   importScripts("https://my.shop.example/push/worker.js");
"use strict";
(() => {
  // What is not of ours (no `id`, no `title`) is left to whatever else this worker does.
  const read = (data) => {
    try {
      const said = data && data.json();
      return said && typeof said.id === "string" && typeof said.title === "string" ? said : null;
    } catch {
      return null;
    }
  };

  // Where a tap may lead: `https:`, and this origin.
  const leads = (url) => {
    if (!url) return null;
    const to = new URL(url, self.location.origin);
    return to.protocol === "https:" || to.origin === self.location.origin ? to.href : null;
  };

  self.addEventListener("install", () => self.skipWaiting());
  self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

  self.addEventListener("push", (event) => {
    const said = read(event.data);
    if (!said) return;
    const { id, title, body, image, icon, tag, url, actions = [], data } = said;
    const shown = { body, image, icon, actions, data: { id, url, actions, data } };
    // One that takes the place of another is told of anew.
    if (tag) Object.assign(shown, { tag, renotify: true });
    event.waitUntil(self.registration.showNotification(title, shown));
  });

  self.addEventListener("notificationclick", (event) => {
    const { id, url, actions = [] } = event.notification.data ?? {};
    if (!id) return;
    event.notification.close();
    const chosen = actions.find((action) => action.action === event.action);
    const to = leads(chosen?.url ?? url);
    if (to) event.waitUntil(open(to));
  });

  // A window that shows the address already comes to the front; otherwise one is opened.
  const open = async (to) => {
    const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const shown = windows.find((window) => window.url === to);
    return shown ? shown.focus() : self.clients.openWindow(to);
  };
})();
