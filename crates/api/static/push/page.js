// The page that offers notifications: one button, and what became of it.
"use strict";
(() => {
  const main = document.querySelector("main");
  const [get, stop, said] = ["get", "stop", "said"].map((id) => document.getElementById(id));
  const link = location.pathname;

  const show = (state) => {
    main.dataset.state = state;
    get.hidden = state === "on" || state === "unable";
    stop.hidden = state !== "on";
    said.textContent = said.dataset[state] ?? "";
    said.className = state === "on" ? "saved" : "note";
  };

  const act = (button, what) => async () => {
    button.disabled = true;
    main.setAttribute("aria-busy", "true");
    try {
      await what({ link });
      show(await parcours.push.state());
      // The button that was pressed is gone: whoever reads by ear goes on from what is said.
      if (button.hidden) said.focus();
    } catch (error) {
      console.error(error);
      show(await parcours.push.state());
      said.textContent = said.dataset.failed;
    } finally {
      main.removeAttribute("aria-busy");
      button.disabled = false;
    }
  };

  get.addEventListener("click", act(get, parcours.push.subscribe));
  stop.addEventListener("click", act(stop, parcours.push.unsubscribe));
  parcours.push.state().then(show);
})();
