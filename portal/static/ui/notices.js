/* 消息与询问：app.js 与各页脚本通过 window.YW 使用。
   文字不写在这里：页面骨架里的 #yw-texts 带着译好的句子。ES2020，Chromium 109 起。 */
(function () {
  "use strict";

  const SUCCESS_MS = 4000;
  const one = (selector, root) => (root || document).querySelector(selector);
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const text = (key) => one("#yw-texts").dataset[key] || "";

  /* ---- 消息：成功 4 秒消失，失败留着 ---- */

  function watchToast(toast) {
    if (toast.dataset.tone === "ok") {
      setTimeout(() => toast.remove(), SUCCESS_MS);
    }
  }

  function showToast({ tone, title, detail, retry }) {
    const toast = one("#toast-" + (tone || "ok")).content.firstElementChild.cloneNode(true);
    one("[data-title]", toast).textContent = title || "";
    one("[data-detail]", toast).textContent = detail || "";
    const again = one("[data-retry]", toast);
    again.hidden = !retry;
    if (retry) {
      again.addEventListener("click", () => { toast.remove(); retry(); });
    }
    one("#toasts").append(toast);
    watchToast(toast);
  }

  /* ---- 对话框 ---- */

  function ask({ title, detail, act, keep, tone }) {
    const dialog = one("#confirm");
    const confirm = one("[data-act]", dialog);
    one("[data-title]", dialog).textContent = title;
    one("[data-detail]", dialog).textContent = detail || "";
    one("[data-keep]", dialog).textContent = keep || text("keep");
    confirm.textContent = act || text("confirm");
    confirm.className = tone === "bad" ? "btn btn-danger" : "btn btn-primary";
    return new Promise((resolve) => {
      dialog.returnValue = "";
      dialog.addEventListener(
        "close", () => resolve(dialog.returnValue === "act"), { once: true });
      dialog.showModal();
    });
  }

  const question = (element, title) => ({
    title,
    detail: element.dataset.confirmDetail,
    act: element.dataset.confirmAct,
    keep: element.dataset.confirmKeep,
    tone: element.dataset.confirmTone,
  });

  window.YW = { one, all, text, showToast, watchToast, ask, question };
}());
