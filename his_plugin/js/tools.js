/* --- small tools ---------------------------------------------------------- */

function make(tag, css, text) {
  var node = document.createElement(tag);
  if (css) { node.className = css; }
  if (text !== undefined && text !== null) { node.appendChild(document.createTextNode(text)); }
  return node;
}

function put(parent) {
  var i;
  for (i = 1; i < arguments.length; i += 1) { if (arguments[i]) { parent.appendChild(arguments[i]); } }
  return parent;
}

function empty(node) { while (node.firstChild) { node.removeChild(node.firstChild); } return node; }

function icon(name, small) {
  var svg = document.createElementNS(SVG, "svg"), paths = ICONS[name] || ICONS["help-circle"], i, path;
  svg.setAttribute("class", small ? "i s" : "i");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  for (i = 0; i < paths.length; i += 1) {
    path = document.createElementNS(SVG, "path");
    path.setAttribute("d", paths[i]);
    svg.appendChild(path);
  }
  return svg;
}

function chip(result, css) {
  return put(make("span", "yw-c " + result.tone + (css || "")), icon(result.icon, true), document.createTextNode(" " + result.label));
}

function mark(node, name, isOn) {
  var rest = (" " + node.className + " ").replace(" " + name + " ", " ").replace(/^\s+|\s+$/g, "");
  node.className = isOn ? rest + " " + name : rest;
}

function two(number) { return (number < 10 ? "0" : "") + number; }

function clock() {
  var now = new Date();
  return two(now.getHours()) + ":" + two(now.getMinutes()) + ":" + two(now.getSeconds());
}

function tell(node, name, detail) {
  var event;
  try {
    event = new CustomEvent(name, { bubbles: true, detail: detail });
  } catch (old) {
    event = document.createEvent("CustomEvent");
    event.initCustomEvent(name, true, false, detail);
  }
  node.dispatchEvent(event);
}

/* done(status, answer); status 0: no answer */
function ask(method, path, body, headers, done) {
  var request = new XMLHttpRequest(), name;
  request.open(method, portal + "/plugin/v1/" + path, true);
  request.timeout = TIMEOUT;
  for (name in headers) { if (headers.hasOwnProperty(name)) { request.setRequestHeader(name, headers[name]); } }
  request.onload = function () {
    var answer = null;
    try { answer = JSON.parse(request.responseText); } catch (broken) { answer = null; }
    if (!answer || request.status >= 500) { done(0, null); } else { done(request.status, answer); }
  };
  request.onerror = request.ontimeout = function () { done(0, null); };
  request.send(body);
  return request;
}

function formAround(node) {
  while (node && node.tagName !== "FORM") { node = node.parentNode; }
  return node;
}

function words(text) { return (text || "").split(/\s*,\s*/).filter(function (word) { return word !== ""; }); }
