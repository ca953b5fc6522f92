"use strict";
// Turns the long page into one step at a time. Without this script everything stands below one another.
(() => {
  const root = document.documentElement;
  const pages = [...document.querySelectorAll(".page")];
  const nav = document.querySelector("nav.steps");
  const [previous, forward, all] = ["previous", "forward", "all"].map((name) => nav.querySelector("." + name));
  const place = nav.querySelector(".place");
  const words = document.body.dataset;
  let here = 0;

  const fill = (text, ...values) => values.reduce((all, value, number) => all.replace("{" + number + "}", value), text);
  const isPaged = () => root.classList.contains("paged");

  const show = (number, focus) => {
    here = Math.max(0, Math.min(pages.length - 1, number));
    pages.forEach((page, index) => page.classList.toggle("here", index === here));
    place.textContent = fill(words.place, here + 1, pages.length);
    previous.disabled = here === 0;
    forward.disabled = here === pages.length - 1;
    if (focus) {
      const heading = pages[here].querySelector("h1, h2");
      heading.focus({ preventScroll: true });
      (isPaged() ? root : heading).scrollIntoView({ block: "start", behavior: "instant" });
    }
  };

  // The address names the page, so the browser's own Back works, and a link can lead to a step.
  const go = (number) => {
    const target = Math.max(0, Math.min(pages.length - 1, number));
    if (location.hash === "#" + pages[target].id) {
      show(target, true);
    } else {
      location.hash = pages[target].id;
    }
  };
  const fromAddress = (focus) => {
    const id = decodeURIComponent(location.hash.slice(1));
    show(Math.max(0, pages.findIndex((page) => page.id === id)), focus);
  };

  const reveal = (page) => {
    const form = page.querySelector(".question");
    const chosen = [...form.querySelectorAll("input:checked")];
    const says = form.querySelector(".says");
    if (chosen.length === 0) {
      says.textContent = words.unchosen;
      form.querySelector("input").focus();
      return;
    }
    says.textContent = "";
    const numbers = chosen.map((input) => input.value);
    page.querySelectorAll(".mine").forEach((mine) => mine.classList.toggle("chosen", numbers.includes(mine.dataset.option)));
    page.classList.add("open");
    page.querySelector(".result .verdict").focus();
  };

  const tabs = (list) => {
    const buttons = [...list.querySelectorAll("[role=tab]")];
    const panel = (button) => document.getElementById(button.getAttribute("aria-controls"));
    const select = (wanted) => {
      for (const button of buttons) {
        const isWanted = button === wanted;
        button.setAttribute("aria-selected", isWanted);
        button.tabIndex = isWanted ? 0 : -1;
        panel(button).hidden = !isWanted;
      }
    };
    buttons.forEach((button, number) => {
      button.addEventListener("click", () => select(button));
      button.addEventListener("keydown", (event) => {
        const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (move) {
          const next = buttons[(number + move + buttons.length) % buttons.length];
          select(next);
          next.focus();
          event.preventDefault();
          event.stopPropagation();
        }
      });
      const part = panel(button);
      part.setAttribute("role", "tabpanel");
      part.setAttribute("aria-labelledby", button.id);
      part.querySelector(".tab-name").hidden = true;
    });
    select(buttons[0]);
    list.hidden = false;
  };

  previous.addEventListener("click", () => go(here - 1));
  forward.addEventListener("click", () => go(here + 1));
  all.addEventListener("click", () => {
    const isPressed = root.classList.toggle("paged");
    all.setAttribute("aria-pressed", !isPressed);
    show(here, true);
  });
  document.querySelectorAll(".reveal").forEach((button) => {
    button.addEventListener("click", () => reveal(button.closest(".page")));
  });
  document.querySelectorAll(".tabs").forEach(tabs);
  document.addEventListener("keydown", (event) => {
    // Keys that something on the page has a use for stay its own.
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) {
      return;
    }
    const at = event.target;
    const isText = at.matches("textarea, input[type=text]");
    const hasArrows = isText || at.matches("input, pre, .side, .scroll");
    const isArrow = event.key.startsWith("Arrow");
    if (isText || (isArrow && hasArrows)) {
      return;
    }
    const move = { ArrowRight: 1, n: 1, ArrowLeft: -1, p: -1 }[event.key];
    if (move) {
      event.preventDefault();
      go(here + move);
    }
  });
  // On paper everything stands open.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((part) => { part.open = false; }));
  addEventListener("hashchange", () => fromAddress(true));

  root.classList.add("scripted", "paged");
  nav.hidden = false;
  fromAddress(false);
  // Later than the browser's own jump to the address, which takes the focus away.
  addEventListener("load", () => fromAddress(location.hash !== ""));
})();
