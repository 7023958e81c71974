/* Host-side script of the station: ES5, old browsers included.
   The field group of the portal speaks to us by two events, yw-verdict and yw-choose. */
(function () {
  "use strict";
  var SILENCE = 10000; // milliseconds until an empty field group counts as absent
  var UNKNOWN = "9"; // the portal's word for "could not be checked"
  var isReady = false;
  var isAbsent = false;

  function byId(id) { return document.getElementById(id); }

  function showAbsence() {
    var words = byId("yw-off");
    isAbsent = true;
    if (isReady && words) { words.hidden = false; }
  }

  function judged(event) {
    var verdict = event.detail || {};
    var submit = byId("submit");
    submit.disabled = !verdict.letsThrough;
    byId("submit-why").textContent = verdict.letsThrough ? "" : "手术申请核对未通过，不能提交。";
    byId("yw-off").hidden = verdict.code !== UNKNOWN;
  }

  // Somebody of the list 谁能做 was taken: our form, our choice of surgeon.
  function chose(event) {
    var surgeon = byId("surgeon");
    var change = document.createEvent("Event");
    surgeon.value = event.detail.emp_no;
    change.initEvent("change", true, false);
    surgeon.dispatchEvent(change);
    surgeon.focus();
  }

  function isEmpty(field) { return !field.shadowRoot && !field.querySelector(".yw"); }

  // A script that does not come fails before anything of it could say so.
  window.addEventListener("error", function (event) {
    var source = event.target;
    if (source && source.tagName === "SCRIPT" && source.src.indexOf("/his_plugin/") >= 0) {
      showAbsence();
    }
  }, true);

  function setUp() {
    var field = byId("yw-field");
    var choosers = document.querySelectorAll("select[data-submit]");
    var printers = document.querySelectorAll("[data-print]");
    var index;
    isReady = true;
    for (index = 0; index < choosers.length; index += 1) {
      choosers[index].addEventListener("change", function () { this.form.submit(); });
    }
    for (index = 0; index < printers.length; index += 1) {
      printers[index].addEventListener("click", function () { window.print(); });
    }
    if (!field) { return; }
    if (isAbsent) { showAbsence(); }
    field.addEventListener("yw-verdict", judged);
    field.addEventListener("yw-choose", chose);
    window.setTimeout(function () {
      if (isEmpty(field)) { showAbsence(); }
    }, SILENCE);
  }

  document.addEventListener("DOMContentLoaded", setUp);
}());
