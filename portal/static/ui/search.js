/* 顶栏的搜索：输入时在下方列出，↑ ↓ 选择，Enter 打开，Esc 收起。结果由 htmx 取来。ES2020，Chromium 109 起。 */
(function () {
  "use strict";

  const field = document.querySelector("#search");
  const list = document.querySelector("#search-results");
  if (!field || !list) {
    return;
  }

  const options = () => Array.from(list.querySelectorAll("a[role=option]"));
  const chosen = () => list.querySelector("[aria-selected=true]");

  function show(isShown) {
    list.hidden = !isShown;
    field.setAttribute("aria-expanded", String(isShown));
    if (!isShown) {
      choose(null);
    }
  }

  function choose(option) {
    options().forEach((one) => one.setAttribute("aria-selected", String(one === option)));
    if (option) {
      field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      field.removeAttribute("aria-activedescendant");
    }
  }

  function step(by) {
    const all = options();
    if (!all.length) {
      return;
    }
    const place = all.indexOf(chosen());
    const next = place < 0 ? (by > 0 ? 0 : all.length - 1) : place + by;
    choose(all[(next + all.length) % all.length]);
  }

  const KEYS = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Escape: () => show(false),
  };

  field.addEventListener("keydown", (event) => {
    if (event.isComposing) {
      return;
    }
    if (event.key === "Enter" && chosen() && !list.hidden) {
      event.preventDefault();
      chosen().click();
    } else if (KEYS[event.key] && !list.hidden) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });
  field.addEventListener("input", () => {
    if (!field.value.trim()) {
      list.replaceChildren();
      show(false);
    }
  });
  field.addEventListener("focus", () => show(list.childElementCount > 0));
  list.addEventListener("mousedown", (event) => event.preventDefault());
  field.addEventListener("blur", () => show(false));
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt === field && !field.value.trim()) {
      event.preventDefault();
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === list) {
      show(document.activeElement === field && list.childElementCount > 0);
    }
  });
}());
