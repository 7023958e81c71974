/* 授权矩阵：方向键在格子间移动，回车或点击打开依据抽屉。 */
(function () {
  "use strict";

  const grid = () => document.querySelector("table.mx");
  const rowsOf = (table) => Array.from(table.tBodies[0].rows);
  const cellsOf = (row) => Array.from(row.cells).filter((cell) => cell.tagName === "TD");

  function go(cell) {
    if (!cell) { return; }
    grid().querySelectorAll("td[tabindex='0']").forEach((old) => { old.tabIndex = -1; });
    cell.tabIndex = 0;
    cell.focus({ preventScroll: true });
    keepInSight(cell);
  }

  // 固定的表头、首列和末列会盖住刚移到的格子：多滚出它们的宽高。
  function keepInSight(cell) {
    const box = cell.closest(".mx-box");
    const seen = box.getBoundingClientRect();
    const place = cell.getBoundingClientRect();
    const head = grid().tHead.getBoundingClientRect();
    const ends = cell.parentElement.cells;
    const left = seen.left + ends[0].offsetWidth;
    const right = seen.left + box.clientWidth - ends[ends.length - 1].offsetWidth;
    const top = seen.top + head.height;
    const bottom = seen.top + box.clientHeight;
    if (cell !== ends[ends.length - 1]) {
      if (place.left < left) { box.scrollLeft -= left - place.left; }
      if (place.right > right) { box.scrollLeft += place.right - right; }
    }
    if (place.top < top) { box.scrollTop -= top - place.top; }
    if (place.bottom > bottom) { box.scrollTop += place.bottom - bottom; }
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function open(cell) {
    const table = grid();
    const head = table.tHead.rows[0].cells[cell.cellIndex];
    if (!head.dataset.emp) { return; }
    const asked = new URLSearchParams({
      emp_no: head.dataset.emp,
      row: cell.parentElement.dataset.key,
      rows: table.dataset.rowsOf,
      on: table.dataset.on,
    });
    window.htmx.ajax("GET", `${table.dataset.cell}?${asked}`, { target: "#drawer" });
  }

  function target(cell, key, isWide) {
    const rows = rowsOf(grid());
    const row = rows.indexOf(cell.parentElement);
    const cells = cellsOf(cell.parentElement);
    const at = cells.indexOf(cell);
    const in_ = (number) => cellsOf(rows[Math.max(0, Math.min(rows.length - 1, number))]);
    const moves = {
      ArrowLeft: () => cells[at - 1],
      ArrowRight: () => cells[at + 1],
      ArrowUp: () => in_(row - 1)[at],
      ArrowDown: () => in_(row + 1)[at],
      PageUp: () => in_(row - 10)[at],
      PageDown: () => in_(row + 10)[at],
      Home: () => (isWide ? in_(0)[0] : cells[0]),
      End: () => (isWide ? in_(rows.length - 1).slice(-1)[0] : cells[cells.length - 1]),
    };
    return moves[key] && moves[key]();
  }

  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest && event.target.closest("table.mx td");
    if (!cell || event.altKey || event.metaKey) { return; }
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      open(cell);
      return;
    }
    const next = target(cell, event.key, event.ctrlKey);
    if (next) {
      event.preventDefault();
      go(next);
    }
  }, true);

  document.addEventListener("click", (event) => {
    const cell = event.target.closest("table.mx td");
    if (cell) {
      go(cell);
      open(cell);
    }
    if (event.target.closest("[data-print]")) { window.print(); }
  });

  // 纸张只换打印版式；行换了，只对其有意义的筛选才留着。
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.matches("[data-paper]")) {
      document.body.classList.toggle("wide3", field.value === "a3");
      document.body.classList.toggle("wide", field.value !== "a3");
    }
    if (field.matches("select[name=rows]")) {
      const of = field.value || "procedures";
      document.querySelectorAll("[data-only]").forEach((label) => {
        label.hidden = label.dataset.only !== of;
      });
    }
  });
}());
