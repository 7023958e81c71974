/* 列表的勾选与批量栏：本页、按住 Shift 连选、跨页全选，批量办理与导出所选。
   勾选框 name="selected"；批量按钮 data-many，导出所选 data-export-selected。 */
(function () {
  "use strict";

  const { one, all, text, ask } = window.YW;
  let last = null;
  let kept = null;

  const cardOf = (element) => element.closest(".card") || document;
  const boxes = (card) => all("tbody input[type=checkbox][name=selected]", card);
  const chosen = (card) => boxes(card).filter((box) => box.checked);
  const batchOf = (card) => one(".batch", card);
  const isEvery = (card) => Boolean(batchOf(card) && batchOf(card).dataset.all);

  function totalOf(card) {
    const pager = one(".pager[data-total]", card);
    return pager ? Number(pager.dataset.total) : boxes(card).length;
  }

  function show(card) {
    const rows = boxes(card);
    const ticked = chosen(card);
    const total = totalOf(card);
    rows.forEach((box) => box.closest("tr").classList.toggle("sel", box.checked));
    const every = one("[data-all]", card);
    if (every) {
      every.checked = rows.length > 0 && ticked.length === rows.length;
      every.indeterminate = ticked.length > 0 && ticked.length < rows.length;
    }
    const batch = batchOf(card);
    if (!batch) {
      return;
    }
    if (ticked.length < rows.length || rows.length === 0) {
      delete batch.dataset.all;
    }
    batch.hidden = ticked.length === 0;
    const number = isEvery(card) ? total : ticked.length;
    all("[data-count]", batch).forEach((place) => { place.textContent = number.toLocaleString("en"); });
    all("b[data-total]", batch).forEach((place) => { place.textContent = total.toLocaleString("en"); });
    const ofPage = one("[data-of-page]", batch);
    if (ofPage) {
      ofPage.hidden = isEvery(card) || ticked.length < rows.length || total <= rows.length;
      one("[data-of-all]", batch).hidden = !isEvery(card);
    }
  }

  function tick(card, isChosen) {
    boxes(card).forEach((box) => { box.checked = isChosen; });
    show(card);
  }

  /* 按住 Shift：与上一次勾的框之间一起勾或取消。 */
  function tickBetween(card, box) {
    const rows = boxes(card);
    const [from, to] = [rows.indexOf(last), rows.indexOf(box)].sort((a, b) => a - b);
    if (from >= 0) {
      rows.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
    }
  }

  /* 跨页全选须再确认，写明总数。 */
  async function askForEvery(card) {
    const total = totalOf(card).toLocaleString("en");
    const asked = { title: text("every").replace("{n}", total), detail: text("everyDetail"),
      act: text("everyAct").replace("{n}", total), keep: text("everyKeep"), tone: "warn" };
    if (await ask(asked)) {
      batchOf(card).dataset.all = "1";
      show(card);
      const act = one(".batch .btn", card);
      if (act) { act.focus(); }
    }
  }

  /* 所选的地址：勾中的编号，或 all=1 加上地址栏里的筛选。 */
  function selection(card) {
    if (!isEvery(card)) {
      return new URLSearchParams(chosen(card).map((box) => ["selected", box.value]));
    }
    const query = new URLSearchParams(location.search);
    ["page", "export", "selected", "saved", "per"].forEach((name) => query.delete(name));
    query.set("all", "1");
    return query;
  }

  document.addEventListener("click", (event) => {
    const box = event.target.closest("input[name=selected]");
    if (box) {
      if (event.shiftKey && last && last.isConnected) { tickBetween(cardOf(box), box); }
      last = box;
      show(cardOf(box));
      return;
    }
    const none = event.target.closest("[data-none]");
    if (none) { tick(cardOf(none), false); }
    const every = event.target.closest("[data-every]");
    if (every) { askForEvery(cardOf(every)); }
    const exporting = event.target.closest("a[data-export-selected]");
    if (exporting) {
      const query = selection(cardOf(exporting));
      query.set("export", "xlsx");
      const sort = new URLSearchParams(location.search).get("sort");
      if (sort) { query.set("sort", sort); }
      exporting.search = query.toString();
    }
  });

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-all]")) {
      tick(cardOf(box), box.checked);
    } else if (box.matches("input[name=selected]")) {
      show(cardOf(box));
    }
  });

  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, parameters } = event.detail;
    if (elt.matches("[data-many]")) {
      for (const [name, value] of selection(cardOf(elt))) { parameters.append(name, value); }
    }
  });

  /* 由页面定时引起，不是人点的。 */
  function isByItself(event) {
    const { headers, triggeringEvent } = event.detail.requestConfig || {};
    return Boolean((headers && headers["X-YW-Poll"])
      || (triggeringEvent && triggeringEvent.detail && triggeringEvent.detail.isPoll));
  }

  /* 列表自己刷新（每 15 秒）时，勾中的仍勾着，焦点仍在原处。 */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const body = event.detail.target;
    if (isByItself(event) && body && body.matches && body.matches(".list-body")) {
      const card = cardOf(body);
      kept = { isEvery: isEvery(card), ids: new Set(chosen(card).map((box) => box.value)), id: body.id,
        focused: body.contains(document.activeElement) ? document.activeElement.id : "" };
    }
  });

  function tickKept() {
    const body = kept && document.getElementById(kept.id);
    if (body) {
      boxes(cardOf(body)).filter((box) => kept.isEvery || kept.ids.has(box.value))
        .forEach((box) => { box.checked = true; });
      const focused = kept.focused && document.getElementById(kept.focused);
      if (focused) { focused.focus({ preventScroll: true }); }
    }
    kept = null;
  }

  document.addEventListener("htmx:afterSwap", () => {
    tickKept();
    all(".card").filter((card) => one("[data-all]", card) || batchOf(card)).forEach(show);
  });

  /* 读取中：表格的位置不变，字换成骨架。 */
  const bodyOf = (event) => {
    const target = event.detail.target;
    return target && target.matches && target.matches(".list-body") ? target : null;
  };
  function setBusy(event, isBusy) {
    const body = bodyOf(event);
    if (body && !isByItself(event)) {
      body.classList.toggle("loading", isBusy);
      if (isBusy) { body.setAttribute("aria-busy", "true"); } else { body.removeAttribute("aria-busy"); }
    }
  }
  document.addEventListener("htmx:beforeRequest", (event) => setBusy(event, true));
  document.addEventListener("htmx:afterRequest", (event) => setBusy(event, false));

  /* 改了筛选就不再是那个已存视图：标签随之熄灭。 */
  document.addEventListener("htmx:pushedIntoHistory", () => {
    const saved = new URLSearchParams(location.search).get("saved");
    all(".views a[data-saved]").forEach((tab) => {
      const isOn = tab.dataset.saved === saved;
      tab.classList.toggle("on", isOn);
      if (isOn) { tab.setAttribute("aria-current", "page"); } else { tab.removeAttribute("aria-current"); }
    });
  });
}());
