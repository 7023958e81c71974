/* 手术申请核对页嵌在医生站页面里时，与医生站往来的消息，见 docs/station-integration.md 3.3。
   ES5，Chromium 49 起可用。只与 STATION_ORIGINS 中的来源往来。 */
(function () {
  "use strict";

  var main = document.querySelector("[data-yw-origins]");
  var form = document.getElementById("sheet");
  var root = document.getElementById("yw-field");
  var station = "";   // the origin of the page around us, once it is known to be one of ours
  var height = 0;
  if (!main || !form || document.documentMode) { return; }
  var origins = main.getAttribute("data-yw-origins").split(" ");

  function isStation(origin) { return Boolean(origin) && origins.indexOf(origin) >= 0; }

  /* Who is around us, where the browser says so; else whoever opened us. */
  function around() {
    var all = window.location.ancestorOrigins, from;
    if (all) { return all[0] || ""; }
    from = /^https?:\/\/[^\/]+/.exec(document.referrer);
    return from ? from[0] : "";
  }

  function tell(message) {
    if (station) { window.parent.postMessage(message, station); }
  }

  function tellSize() {
    var now = Math.ceil(document.body.getBoundingClientRect().height);
    if (now !== height) {
      height = now;
      tell({ type: "yw-size", height: now });
    }
  }

  function values() {
    var found = {}, all = form.elements, i;
    for (i = 0; i < all.length; i += 1) {
      if (/^yw_/.test(all[i].name) && !all[i].disabled && (all[i].type !== "radio" || all[i].checked)) { found[all[i].name] = all[i].value; }
    }
    return found;
  }

  function tellValues() { tell({ type: "yw-values", values: values() }); }

  /* The station's form says whom and what; our own lines for that are not needed. */
  function take(name, texts) {
    var old = form.querySelectorAll('[name="' + name + '"]'), i, input;
    for (i = 0; i < old.length; i += 1) { old[i].parentNode.removeChild(old[i]); }
    for (i = 0; i < texts.length; i += 1) {
      input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = texts[i];
      form.appendChild(input);
    }
  }

  function listed(value) {
    var all = Array.isArray(value) ? value : [value];
    return all.filter(function (one) { return typeof one === "string" && one !== ""; });
  }

  function ask(question) {
    ["surgeon", "procedures", "planned_at", "assistants", "supervisor"].forEach(function (name) { take(name, listed(question[name])); });
    if (typeof question.application_no === "string") {
      take("application_no", [question.application_no]);
      root.setAttribute("data-yw-application", question.application_no);
    }
    document.getElementById("question").hidden = true;
    document.getElementById("acts").hidden = true;
    event("yw-refresh");
  }

  function event(name) {
    var made = document.createEvent("Event");
    made.initEvent(name, false, false);
    root.dispatchEvent(made);
  }

  function heard(message) {
    var said = message.data;
    if (message.source !== window.parent || !isStation(message.origin) || !said) { return; }
    station = message.origin;
    if (said.type === "yw-question") { ask(said); }
    if (said.type === "yw-submit") { document.getElementById("declare").click(); }
  }

  root.addEventListener("yw-verdict", function (told) {
    tell({ type: "yw-verdict", code: told.detail.code, letsThrough: told.detail.letsThrough });
    tellValues();
  });
  form.addEventListener("change", tellValues);
  form.addEventListener("input", function (typed) {
    if (typed.target.name === "application_no") { root.setAttribute("data-yw-application", typed.target.value); }
    tellValues();
  });
  // Behind the group's own listener: what it let through is declared.
  form.addEventListener("submit", function (submitted) {
    if (submitted.defaultPrevented || !station) { return; }
    submitted.preventDefault();
    tellValues();
    tell({ type: "yw-declared", declaration: values().yw_declaration || "", values: values() });
  });
  document.getElementById("check").hidden = true;

  if (window.parent === window) { return; }
  station = isStation(around()) ? around() : "";
  window.addEventListener("message", heard);
  window.addEventListener("resize", tellSize);
  window.addEventListener("load", tellSize);
  new MutationObserver(tellSize).observe(document.body, { attributes: true, childList: true, characterData: true, subtree: true });
  tell({ type: "yw-ready" });
  tellSize();
}());
