/* 门户页面的交互：抽屉、行选择、快捷键、htmx 出错时的话。先载入 notices.js。ES2020，Chromium 109 起。 */
(function () {
  "use strict";

  const { one, all, text, showToast, watchToast, ask, question } = window.YW;

  /* ---- 抽屉 ---- */

  let opener = null;
  let openerRow = "";
  let returnsUntil = 0;
  let isDirty = false;
  const drawer = () => one("#drawer");
  const isOpen = () => drawer() !== null && drawer().classList.contains("open");

  function focusFirst() {
    const wrong = one("[aria-invalid=true]", drawer());
    const first = wrong || one("[data-first]", drawer())
      || one(".db input:not([type=hidden]), .db select, .db textarea", drawer()) || drawer();
    first.focus({ preventScroll: true });
  }

  function openDrawer() {
    if (!isOpen()) {
      opener = document.activeElement;
      const row = opener.closest("tr[id]");
      openerRow = row ? row.id : "";
      isDirty = false;
    }
    drawer().classList.toggle("wide", one("[data-wide]", drawer()) !== null);
    drawer().classList.add("open");
    one("#scrim").classList.add("open");
    one(".yw-app").inert = true;
    focusFirst();
  }

  function closeDrawer() {
    if (!isOpen()) {
      return;
    }
    isDirty = false;
    drawer().classList.remove("open", "wide");
    drawer().replaceChildren();
    one("#scrim").classList.remove("open");
    one(".yw-app").inert = false;
    returnsUntil = Date.now() + 3000;
    giveFocusBack();
  }

  // 行菜单里的按钮关上后看不见，保存后整行换新：焦点回到这一行的菜单；批量栏收起后回到全选框。
  function giveFocusBack() {
    const row = openerRow ? document.getElementById(openerRow) : null;
    const isThere = opener && opener.isConnected && opener !== document.body;
    const card = isThere ? opener.closest(".card") : null;
    const place = isThere && opener.offsetParent !== null ? opener
      : (row && (one("summary", row) || one("a[href],button", row)))
        || (card && one("[data-all]", card)) || one("#main");
    place.focus({ preventScroll: true });
  }

  function onSettled() {
    // 批量栏刚收起时，焦点还在看不见的按钮上，下一帧才落到 body。
    const isLost = document.activeElement.offsetParent === null;
    if (isLost && !isOpen() && Date.now() < returnsUntil) { giveFocusBack(); }
  }

  async function leaveDrawer() {
    const asked = { title: text("discard"), detail: text("discardDetail"),
      act: text("discardAct"), keep: text("discardKeep"), tone: "bad" };
    if (!isDirty || await ask(asked)) {
      closeDrawer();
    }
  }

  function keepTabInside(event) {
    const stops = all(
      "a[href],button:not(:disabled),input:not([type=hidden]):not(:disabled),"
      + "select:not(:disabled),textarea:not(:disabled),[tabindex='0']", drawer())
      .filter((stop) => stop.offsetParent !== null);
    if (!stops.length) {
      return;
    }
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (document.activeElement === edge || document.activeElement === drawer()) {
      event.preventDefault();
      (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
    }
  }

  /* ---- 快捷键 ---- */

  const steps = () => all("[data-keys] > a, table[data-rows] > tbody > tr:not(.dd)");
  const currentStep = () => one("[data-keys] > a.on, table[data-rows] > tbody > tr.cur");

  function move(by) {
    const rows = steps();
    if (!rows.length) {
      return;
    }
    const place = rows.indexOf(currentStep());
    const next = rows[Math.max(0, Math.min(rows.length - 1, place + by))];
    if (next.tagName === "A") {
      next.click();
      return;
    }
    rows.forEach((row) => row.classList.toggle("cur", row === next));
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  function onCurrent(act) {
    const row = currentStep();
    if (row) {
      act(row);
    }
  }

  function submit() {
    const form = one("form[data-submit]", isOpen() ? drawer() : document)
      || one("form", isOpen() ? drawer() : document.createElement("div"));
    if (form) {
      form.requestSubmit(one("button[type=submit]:not(:disabled)", form));
    }
  }

  const press = (selector) => { const button = one(selector); if (button) { button.focus(); button.click(); } };

  const KEYS = {
    "/": () => one("#search") && one("#search").focus(),
    "?": () => one("#shortcuts").showModal(),
    j: () => move(1),
    k: () => move(-1),
    x: () => onCurrent((row) => {
      const box = one("input[name=selected]", row);
      if (box) { box.click(); }
    }),
    Enter: () => onCurrent((row) => {
      const link = one("[data-open-row]", row) || one("a[href]", row);
      if (link) { link.click(); }
    }),
  };
  const ALT_KEYS = { KeyN: () => press("[data-new]"), KeyS: submit };

  function isTyping(target) {
    return target.closest("input:not([type=checkbox]):not([type=radio]),select,textarea,[contenteditable]") !== null;
  }

  function isHandledByFocus(event) {
    return event.key === "Enter" && event.target.closest("a,button,summary,input") !== null;
  }

  function onKey(event) {
    if (one("dialog[open]")) {
      return;
    }
    if (event.altKey && ALT_KEYS[event.code]) {
      event.preventDefault();
      ALT_KEYS[event.code]();
    } else if (event.key === "Escape") {
      all("details.yw-menu[open]").forEach((menu) => { menu.open = false; });
      if (isOpen()) {
        // 否则同一次按键会把刚打开的询问也关掉。
        event.preventDefault();
        leaveDrawer();
      }
    } else if (event.key === "Tab" && isOpen()) {
      keepTabInside(event);
    } else if (!isOpen() && !event.ctrlKey && !event.metaKey && !event.altKey) {
      onLetter(event);
    }
  }

  function onLetter(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (KEYS[key] && !isTyping(event.target) && !isHandledByFocus(event)) {
      event.preventDefault();
      KEYS[key]();
    }
  }

  /* ---- 点击、改动 ---- */

  const CLICKS = [
    ["[data-open]", (element) => { drawer().replaceChildren(one("#" + element.dataset.open).content.cloneNode(true)); openDrawer(); }],
    ["[data-close], #scrim", () => { leaveDrawer(); }],
    ["[data-dismiss]", (element) => element.closest(".toast1").remove()],
    ["[data-dialog]", (element) => one("#" + element.dataset.dialog).showModal()],
    ["[data-toggle-row]", (element) => {
      const row = one("#" + element.dataset.toggleRow);
      row.hidden = !row.hidden;
      element.setAttribute("aria-expanded", String(!row.hidden));
    }],
    ["[data-show-password]", (element) => {
      const field = one("#" + element.dataset.showPassword);
      field.type = field.type === "password" ? "text" : "password";
      element.setAttribute("aria-pressed", String(field.type === "text"));
    }],
  ];

  function onClick(event) {
    all("details.yw-menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) { menu.open = false; }
    });
    const exporting = event.target.closest("a[data-export]");
    if (exporting) {
      // 地址栏随筛选更新，导出跟着它走。
      const query = new URLSearchParams(location.search);
      query.set("export", "xlsx");
      query.delete("page");
      exporting.search = query.toString();
      return;
    }
    for (const [selector, act] of CLICKS) {
      const element = event.target.closest(selector);
      if (element) {
        event.preventDefault();
        act(element);
        return;
      }
    }
  }

  function onChange(event) {
    const box = event.target;
    if (isOpen() && drawer().contains(box)) {
      isDirty = true;
    }
  }

  async function onSubmit(event) {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.confirmed) {
      return;
    }
    event.preventDefault();
    const button = event.submitter;
    if (await ask(question(form, form.dataset.confirm))) {
      form.dataset.confirmed = "1";
      form.requestSubmit(button);
    }
  }

  /* ---- htmx ---- */

  function retryOf(detail) {
    const { verb, path } = detail.requestConfig;
    if (verb !== "get") {
      return null;
    }
    return () => window.htmx.ajax("GET", path, { source: detail.elt, target: detail.target });
  }

  const isPoll = (detail) => Boolean(detail.requestConfig.headers["X-YW-Poll"]);

  function onFailure(event) {
    const detail = event.detail;
    const status = detail.xhr ? detail.xhr.status : 0;
    if (isPoll(detail) || status === 401) {
      return;
    }
    const isRead = detail.requestConfig.verb === "get";
    const number = detail.xhr && detail.xhr.getResponseHeader("X-Request-ID");
    const reasons = { 403: text("forbidden"), 404: text("missing"), 0: text("offline") };
    const why = reasons[status] || text("failed");
    showToast({
      tone: "bad",
      title: isRead ? text("unread") : text("unsaved"),
      detail: why + (number ? text("number") + number : ""),
      retry: retryOf(detail),
    });
  }

  function onBeforeSwap(event) {
    const detail = event.detail;
    const answered = new URL(detail.xhr.responseURL, location.href);
    const asked = new URL(detail.pathInfo.requestPath, location.href);
    // 用 hx-select 从整页取一块的，只要还是那一页，就照常替换。
    if (detail.requestConfig.elt.hasAttribute("hx-select") && answered.pathname === asked.pathname) {
      return;
    }
    // 会话已过期时片段请求会被带到登录页：整页过去。
    if (/^\s*<!doctype html/i.test(detail.serverResponse) && detail.target !== document.body) {
      detail.shouldSwap = false;
      location.assign(detail.xhr.status === 200 ? answered.href : location.href);
    }
  }

  function onSwapped(event) {
    const target = event.detail.target;
    if (target && target.id === "drawer") {
      if (target.childElementCount) { openDrawer(); } else { closeDrawer(); }
    }
  }

  async function onConfirm(event) {
    const { question: title, elt, issueRequest } = event.detail;
    if (!title) {
      return;
    }
    event.preventDefault();
    if (await ask(question(elt, title))) {
      issueRequest(true);
    }
  }

  function onBeforeRequest(event) {
    if (isPoll(event.detail) && document.hidden) {
      event.preventDefault();
    }
  }

  /* 筛选表单不随片段刷新：排序取自地址栏；空的条件不进地址。 */
  function onConfigRequest(event) {
    const { elt, parameters } = event.detail;
    if (!elt.matches("form.filters")) {
      return;
    }
    const sort = new URLSearchParams(location.search).get("sort");
    if (sort) { parameters.sort = sort; }
    Object.keys(parameters).forEach((name) => {
      if (parameters[name] === "") { delete parameters[name]; }
    });
  }

  document.addEventListener("click", onClick);
  document.addEventListener("change", onChange);
  document.addEventListener("input", (event) => {
    if (isOpen() && drawer().contains(event.target)) { isDirty = true; }
  });
  document.addEventListener("submit", onSubmit, true);
  document.addEventListener("keydown", onKey);
  document.addEventListener("htmx:confirm", onConfirm);
  document.addEventListener("htmx:configRequest", onConfigRequest);
  document.addEventListener("htmx:beforeRequest", onBeforeRequest);
  document.addEventListener("htmx:beforeSwap", onBeforeSwap);
  document.addEventListener("htmx:afterSwap", onSwapped);
  document.addEventListener("htmx:afterSettle", onSettled);
  document.addEventListener("htmx:responseError", onFailure);
  document.addEventListener("htmx:sendError", onFailure);
  document.addEventListener("htmx:timeout", onFailure);
  document.addEventListener("yw:toast", (event) => showToast(event.detail));
  document.addEventListener("yw:close-drawer", closeDrawer);
  document.addEventListener("DOMContentLoaded", () => {
    all("#toasts > .toast1").forEach(watchToast);
    const wrong = one("main form[method=post] [aria-invalid=true]");
    if (wrong) { wrong.focus(); }
  });
}());
