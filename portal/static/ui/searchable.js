/* 可检索下拉：<select data-search>，选项多时由 data-url 按输入的名称、编码或拼音首字母取。
   data-url 应答 [{"value": "1027", "text": "陈景行 1027", "hint": "肝胆胰外科 主任医师"}]。
   页面在 scripts 块写 {% include "components/searchable.html" %}。 */
(function () {
  "use strict";

  const MOST_OPTIONS = 50;

  function loader(url) {
    return function load(query, show) {
      // 每个答案只属于它的问题：先前查到的不留下，晚到的不要。
      const answered = (items) => {
        if (this.inputValue().trim() !== query.trim()) {
          show();
          return;
        }
        this.clearOptions();
        show(items);
      };
      fetch(url + (url.includes("?") ? "&" : "?") + "q=" + encodeURIComponent(query), {
        headers: { Accept: "application/json" },
      })
        .then((answer) => (answer.ok ? answer.json() : []))
        .then(answered, () => show());
    };
  }

  function line(item, escape) {
    const hint = item.hint ? ` <span class="m t12">${escape(item.hint)}</span>` : "";
    return `<div>${escape(item.text)}${hint}</div>`;
  }

  function nothing(select) {
    return () => `<div class="no-results">${select.dataset.nothing || ""}</div>`;
  }

  function dress(select) {
    if (select.tomselect) {
      return;
    }
    const url = select.dataset.url;
    const wasFocused = document.activeElement === select;
    const made = new window.TomSelect(select, {
      maxOptions: MOST_OPTIONS,
      create: false,
      searchField: url ? [] : ["text", "initials"],
      load: url ? loader(url) : null,
      loadThrottle: 300,
      placeholder: select.dataset.placeholder || "",
      render: { option: line, item: line, no_results: nothing(select) },
    });
    // 读屏与焦点只认输入框；原来的下拉留着交表单。
    ["aria-describedby", "aria-invalid"].forEach((name) => {
      if (select.hasAttribute(name)) {
        made.control_input.setAttribute(name, select.getAttribute(name));
        select.removeAttribute(name);
      }
    });
    select.setAttribute("aria-hidden", "true");
    // 抽屉打开时焦点已在下拉上：交给看得见的输入框，马上可以输入。
    if (wasFocused) {
      made.control_input.focus();
    }
  }

  const dressAll = (root) => root.querySelectorAll("select[data-search]").forEach(dress);

  document.addEventListener("DOMContentLoaded", () => dressAll(document));
  document.addEventListener("htmx:load", (event) => dressAll(event.target));
}());
