/* --- where a group begins --------------------------------------------------- */

/* IE, whatever it calls itself: the page without script is the better one there. */
function isTooOld() { return Boolean(document.documentMode) || !document.addEventListener; }

/* The page that needs no script, opened with the same signed text. */
function leadToPage(root) {
  var link = make("a", "", EARLY.posted_page);
  if (!root.hasAttribute("data-yw-launch")) { return; }  // it is on that page
  link.href = portal + "/plugin/field/?" + root.getAttribute("data-yw-launch") + "&application_no=" +
    encodeURIComponent(root.getAttribute("data-yw-application") || "");
  link.target = "_blank";
  if (!root.getElementsByTagName("a").length) { root.appendChild(link); }
}

/* Once for each element, wherever it is moved to. */
function begin(root) {
  if (root.ywField || !(root.hasAttribute("data-yw-launch") || root.hasAttribute("data-yw-session"))) { return; }
  root.ywField = new Field(root);
  root.ywField.start();
}

/* Elements a host puts in later begin by themselves, where the browser tells of them. */
function defineElement() {
  if (!window.customElements || !window.Reflect || !window.Reflect.construct) { return; }
  function Element() { return window.Reflect.construct(window.HTMLElement, [], Element); }
  Element.prototype = Object.create(window.HTMLElement.prototype);
  Element.prototype.constructor = Element;
  Element.prototype.connectedCallback = function () { begin(this); };
  window.customElements.define(ELEMENT, Element);
}

(function start() {
  var all = document.querySelectorAll("[data-yw-launch],[data-yw-session]"), i;
  if (isTooOld()) {
    for (i = 0; i < all.length; i += 1) { leadToPage(all[i]); }
    return;
  }
  defineElement();
  for (i = 0; i < all.length; i += 1) { begin(all[i]); }
}());
