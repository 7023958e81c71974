(function () {
"use strict";

/* 手术申请字段组。住院医生站的申请单页面引入本文件，见 docs/station-integration.md。
   ES5，Chromium 49 起可用；不依赖其他文件，不写内联样式，不注册快捷键，不改动宿主页面。
   本文件由 his_plugin/js 各文件按序连接而成（python -m his_plugin.field_script）。 */

var WAIT = 300;        // after the last change, before asking
var TIMEOUT = 8000;    // no answer by then: 暂时无法核对
var UNKNOWN = "9";
var ELEMENT = "yw-surgery-field";
var MOST_IN_A_ROW = 4; // more choices than that are a list
// Said before the portal has sent its words, or because it cannot be reached.
var EARLY = {
  title: "手术申请核对", origin: "医务管理系统", unknown: "暂时无法核对",
  unknown_why: "医务管理系统没有应答，手术申请可照常提交，由医生站按本院规定处理",
  asked_at: "核对时间", reading: "正在连接医务管理系统", posted_page: "打开手术申请核对页"
};

var here = document.currentScript || lastScript();
var portal = here.src.replace(/\/static\/.*$/, "");

function lastScript() {
  var all = document.getElementsByTagName("script"), i;
  for (i = all.length - 1; i >= 0; i -= 1) {
    if (/\/his_plugin\/field[^\/]*\.js/.test(all[i].src)) { return all[i]; }
  }
  return all[all.length - 1];
}

/* The pictures of the group, drawn as lines. */

var SVG = "http://www.w3.org/2000/svg";
var ICONS = {
  "shield-check": ["M11.46 20.846a12 12 0 0 1 -7.96 -14.846a12 12 0 0 0 8.5 -3a12 12 0 0 0 8.5 3a12 12 0 0 1 -.09 7.06", "M15 19l2 2l4 -4"],
  "circle-check": ["M3 12a9 9 0 1 0 18 0a9 9 0 1 0 -18 0", "M9 12l2 2l4 -4"],
  "user-check": ["M8 7a4 4 0 1 0 8 0a4 4 0 0 0 -8 0", "M6 21v-2a4 4 0 0 1 4 -4h4", "M15 19l2 2l4 -4"],
  "users": ["M5 7a4 4 0 1 0 8 0a4 4 0 1 0 -8 0", "M3 21v-2a4 4 0 0 1 4 -4h4a4 4 0 0 1 4 4v2", "M16 3.13a4 4 0 0 1 0 7.75", "M21 21v-2a4 4 0 0 0 -3 -3.85"],
  "ban": ["M3 12a9 9 0 1 0 18 0a9 9 0 1 0 -18 0", "M5.7 5.7l12.6 12.6"],
  "alert-triangle": ["M12 9v4", "M10.363 3.591l-8.106 13.534a1.914 1.914 0 0 0 1.636 2.871h16.214a1.914 1.914 0 0 0 1.636 -2.87l-8.106 -13.536a1.914 1.914 0 0 0 -3.274 0", "M12 16h.01"],
  "calendar-off": ["M9 5h9a2 2 0 0 1 2 2v9m-.184 3.839a2 2 0 0 1 -1.816 1.161h-12a2 2 0 0 1 -2 -2v-12a2 2 0 0 1 1.158 -1.815", "M16 3v4", "M8 3v1", "M4 11h7m4 0h5", "M3 3l18 18"],
  "player-pause": ["M6 6a1 1 0 0 1 1 -1h2a1 1 0 0 1 1 1v12a1 1 0 0 1 -1 1h-2a1 1 0 0 1 -1 -1l0 -12", "M14 6a1 1 0 0 1 1 -1h2a1 1 0 0 1 1 1v12a1 1 0 0 1 -1 1h-2a1 1 0 0 1 -1 -1l0 -12"],
  "help-circle": ["M3 12a9 9 0 1 0 18 0a9 9 0 0 0 -18 0", "M12 16v.01", "M12 13a2 2 0 0 0 .914 -3.782a1.98 1.98 0 0 0 -2.414 .483"],
  "x": ["M18 6l-12 12", "M6 6l12 12"],
  "circle-x": ["M3 12a9 9 0 1 0 18 0a9 9 0 1 0 -18 0", "M10 10l4 4m0 -4l-4 4"],
  "urgent": ["M8 16v-4a4 4 0 0 1 8 0v4", "M3 12h1m8 -9v1m8 8h1m-15.4 -6.4l.7 .7m12.1 -.7l-.7 .7", "M6 17a1 1 0 0 1 1 -1h10a1 1 0 0 1 1 1v2a1 1 0 0 1 -1 1h-10a1 1 0 0 1 -1 -1l0 -2"]
};

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

/* --- the group: which parts there are, and how one is filled in ------------- */

// A part that stands in the row of another one.
var BESIDE = {
  is_rescue: "nature", reoperation_reason: "reoperation_cause", is_mini: "is_day", site: "side",
  technique_text: "technique", preop_discussed_at: "preop_discussion"
};

function Field(root) {
  this.root = root;
  this.form = formAround(root);
  this.place = root;    // where the group is drawn: the element, or its shadow
  this.surgeon = words(root.getAttribute("data-yw-surgeon"));
  this.assistants = words(root.getAttribute("data-yw-assistants"));
  this.supervisor = words(root.getAttribute("data-yw-supervisor"));
  this.procedures = words(root.getAttribute("data-yw-procedures"));
  this.plannedAt = words(root.getAttribute("data-yw-planned-at"));
  this.canChoose = root.hasAttribute("data-yw-choose");  // the host takes another surgeon from us
  this.texts = EARLY;
  this.token = "";
  this.asked = "";      // the question the shown verdict answers
  this.number = 0;      // of the last question; older answers are dropped
  this.timer = 0;
  this.isTouched = false;
  this.isDeclared = false;
  this.isHeld = false;  // submitting was held once because the token is too old
  this.isAboutQuestion = false;  // the warning shown: of surgeon, procedures or time
  this.clicked = null;
  this.seen = null;     // the sheet and its declaration as the doctor saw it
  this.order = [];      // names of the parts, as the server has them
  this.parts = {};
  this.rows = [];
  this.demands = null;  // what the catalogue demands, once there was an answer
}

Field.prototype.start = function () {
  var self = this, session = this.root.getAttribute("data-yw-session");
  this.enclose();
  this.frame();
  this.say(EARLY.reading, "m");
  if (this.form) { this.watch(); }
  if (session) {
    // A page of the portal: it has the token already.
    this.root.removeAttribute("data-yw-session");
    this.open(JSON.parse(session));
    return;
  }
  ask("POST", "session", this.root.getAttribute("data-yw-launch") || "",
    { "Content-Type": "application/x-www-form-urlencoded" },
    function (status, answer) {
      self.root.removeAttribute("data-yw-launch");
      if (status === 200) { self.open(answer); } else { self.shut(status, answer); }
    });
};

/* Our own element keeps the styles of the host out; any other one has them reset. */
Field.prototype.enclose = function () {
  var styles;
  if (this.root.tagName.toLowerCase() !== ELEMENT || !this.root.attachShadow) { return; }
  this.place = this.root.attachShadow({ mode: "open" });
  styles = make("link");
  styles.rel = "stylesheet";
  styles.href = portal + "/static/ui/embed.css";
  this.place.appendChild(styles);
};

/* The box, before there is anything in it. */
Field.prototype.frame = function () {
  var box = make("div", "yw-box"), bar = make("div", "yw-bar"), isEnclosed = this.place !== this.root;
  if (isEnclosed) {
    if (this.outer) { this.place.removeChild(this.outer); }
  } else {
    empty(this.root);
  }
  this.time = make("span", "m t12 fr");
  put(bar, this.time, icon("shield-check"), make("span", "", " " + this.texts.title + " "), make("span", "m t12", this.texts.origin));
  this.message = make("div", "yw-msg");
  this.message.setAttribute("role", "alert");
  this.message.hidden = true;
  this.body = make("div");
  this.panel = make("div");
  this.panel.setAttribute("aria-live", "polite");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", this.texts.title);
  put(box, bar, this.message, put(this.body, this.panel));
  this.outer = put(make("div", isEnclosed ? "yw" : "yw yw-reset"), box);
  this.place.appendChild(this.outer);
  this.code = this.hidden("yw_verdict_code");
  this.declaration = this.hidden("yw_declaration");
};

/* A value the form submits; always in the host's own tree, where forms look. */
Field.prototype.hidden = function (name) {
  var input = this.root.querySelector('input[type="hidden"][name="' + name + '"]') || make("input");
  input.type = "hidden";
  input.name = name;
  this.root.appendChild(input);
  return input;
};

/* No session: say why; the host goes on. */
Field.prototype.shut = function (status, answer) {
  this.unknown(status === 0 ? "" : answer.message);
};

Field.prototype.open = function (session) {
  this.texts = session.texts;
  this.token = session.token;
  this.frame();
  this.layOut(session.parts);
  this.say(this.texts.waiting, "m");
  this.recall();
  this.look();
};

Field.prototype.layOut = function (parts) {
  var table = make("table", "yw-two"), row = make("tr"), left = make("td", "yw-left"), right = make("td", "yw-right");
  var fields = make("table", "yw-f"), body = make("tbody"), i;
  empty(this.body);
  table.setAttribute("role", "presentation");
  fields.setAttribute("role", "presentation");
  for (i = 0; i < parts.length; i += 1) { this.part(parts[i], body); }
  put(left, put(fields, body));
  put(right, this.panel);
  put(this.body, put(table, put(make("tbody"), put(row, left, right))));
  this.settle();
};

/* A row of its own, or a place in the row of another part. */
Field.prototype.part = function (about, body) {
  var host = this.parts[BESIDE[about.name]], row = host ? host.row : this.row(body);
  var part = { about: about, row: row, inputs: [], labels: [], group: null, mirror: null };
  part.label = make("span", "", about.label);
  part.star = make("span", "rq", "*");
  part.star.setAttribute("aria-hidden", "true");
  part.heading = put(make("span", "yw-key"), part.star, part.label);
  part.label.id = "yw-label-" + about.name;
  part.error = make("div", "yw-er");
  part.error.id = "yw-error-" + about.name;
  part.error.hidden = true;
  part.why = make("div", "t12 m");
  part.why.id = "yw-why-" + about.name;
  part.why.hidden = true;
  part.box = make("span", "yw-part yw-" + about.kind);
  put(row.label, part.heading);
  put(row.content, part.box);
  put(row.notes, part.why, part.error);
  row.parts.push(part);
  this.parts[about.name] = part;
  this.order.push(about.name);
  ({ radio: this.choice, check: this.tick, text: this.text, moment: this.text })[about.kind].call(this, part);
  if (this.place !== this.root) { part.mirror = this.hidden("yw_" + about.name); }
};

Field.prototype.row = function (body) {
  var row = { node: make("tr"), label: make("td", "k"), content: make("div", "yw-row"), notes: make("div"), parts: [] };
  put(body, put(row.node, row.label, put(make("td"), row.content, row.notes)));
  this.rows.push(row);
  return row;
};

Field.prototype.describe = function (node, part) {
  node.setAttribute("aria-labelledby", part.label.id);
  node.setAttribute("aria-describedby", part.why.id + " " + part.error.id);
};

/* Something was changed: what depends on it, and maybe another verdict. */
Field.prototype.changed = function (part) {
  this.isTouched = true;
  this.fail(part.about.name, "");
  this.settle();
  this.look();
};

/* One choice of few, as radio buttons in a row; of more, as a list. */
Field.prototype.choice = function (part) {
  var self = this, options = part.about.options.filter(function (one) { return one[0] !== ""; }), i;
  if (options.length > MOST_IN_A_ROW) {
    this.list(part, options);
  } else {
    part.group = make("span", "yw-opts");
    part.group.setAttribute("role", "radiogroup");
    this.describe(part.group, part);
    put(part.box, part.group);
    for (i = 0; i < options.length; i += 1) { this.option(part, options[i]); }
  }
  if (part.about.hint) { put(part.box, make("span", "m t12 yw-hint", part.about.hint)); }
  part.box.addEventListener("change", function () { self.changed(part); });
};

Field.prototype.option = function (part, option) {
  var label = make("label", "yw-opt"), input = make("input");
  input.type = "radio";
  input.name = "yw_" + part.about.name;
  input.value = option[0];
  input.addEventListener("focus", function () { mark(label, "fo", true); });
  input.addEventListener("blur", function () { mark(label, "fo", false); });
  put(part.group, put(label, input, document.createTextNode(option[1])));
  part.inputs.push(input);
  part.labels.push(label);
};

Field.prototype.list = function (part, options) {
  var select = make("select", "yw-in");
  [["", this.texts.choose]].concat(options).forEach(function (one) {
    var option = make("option", "", one[1]);
    option.value = one[0];
    put(select, option);
  });
  select.name = "yw_" + part.about.name;
  this.describe(select, part);
  put(part.box, select);
  part.inputs.push(select);
};

/* Ticked or not: 1 or 0 in the form. */
Field.prototype.tick = function (part) {
  var self = this, label = make("label", "m yw-chk"), input = make("input");
  input.type = "checkbox";
  input.setAttribute("aria-describedby", part.why.id + " " + part.error.id);
  input.addEventListener("change", function () { self.changed(part); });
  part.ticked = make("input");
  part.ticked.type = "hidden";
  part.ticked.name = "yw_" + part.about.name;
  put(part.box, put(label, input, document.createTextNode(" " + part.about.label + this.aside(part.about.hint)), part.ticked));
  part.inputs.push(input);
};

Field.prototype.aside = function (hint) { return hint ? this.texts.aside.replace("%(hint)s", hint) : ""; };

Field.prototype.text = function (part) {
  var self = this, input = make("input", "yw-in");
  input.type = part.about.kind === "moment" ? "datetime-local" : "text";
  input.name = "yw_" + part.about.name;
  if (part.about.max) { input.maxLength = part.about.max; }
  input.autocomplete = "off";
  input.placeholder = part.about.hint;
  this.describe(input, part);
  input.addEventListener("input", function () {
    self.isTouched = true;
    self.fail(part.about.name, "");
    self.mirror(part);
  });
  put(part.box, input);
  part.inputs.push(input);
};

/* Text of what was chosen, ticked ("1") or written; "" for nothing. */
Field.prototype.value = function (name) {
  var part = this.parts[name], i;
  if (!part) { return ""; }
  if (part.ticked) { return part.inputs[0].checked ? "1" : ""; }
  if (!part.group) { return part.inputs[0].value.replace(/^\s+|\s+$/g, ""); }
  for (i = 0; i < part.inputs.length; i += 1) { if (part.inputs[i].checked) { return part.inputs[i].value; } }
  return "";
};

/* The other way round, with a value as the interface gives it. */
Field.prototype.give = function (name, value) {
  var part = this.parts[name], i, text = value === null || value === undefined ? "" : String(value);
  if (part.ticked) {
    part.inputs[0].checked = value === true;
  } else if (part.group) {
    for (i = 0; i < part.inputs.length; i += 1) { part.inputs[i].checked = part.inputs[i].value === text; }
  } else {
    // What a moment is shown as has neither zone nor seconds.
    part.inputs[0].value = part.about.kind === "moment" ? localMinute(text) : text;
  }
};

function localMinute(text) {
  var at = text ? new Date(text) : null;
  if (!at || isNaN(at.getTime())) { return text; }
  return at.getFullYear() + "-" + two(at.getMonth() + 1) + "-" + two(at.getDate()) + "T" + two(at.getHours()) + ":" + two(at.getMinutes());
}

/* --- what is shown and what is required ------------------------------------- */

// These are asked of every operation.
var ALWAYS = ["is_planned", "nature", "reoperation"];
// What follows from a choice above it, at once; how far it is required the server says.
var FOLLOWS = {
  is_rescue: function (field) { return field.value("nature") === "2" ? "may" : "no"; },
  reoperation_cause: function (field) { return field.value("reoperation") === "2" ? "may" : "no"; },
  reoperation_reason: function (field) { return field.value("reoperation") === "2" ? "must" : "no"; },
  first_operation: function (field) { return Number(field.value("reoperation")) > 0 ? "may" : "no"; },
  technique_text: function (field) { return Number(field.value("technique")) > 0 ? "must" : "no"; }
};

/* {need, why}; before the catalogue was asked nothing is shown but what always is. */
Field.prototype.demand = function (name) {
  var said = this.demands && this.demands[name], need;
  if (ALWAYS.indexOf(name) >= 0) { return { need: "must", why: "" }; }
  if (FOLLOWS.hasOwnProperty(name)) {
    need = FOLLOWS[name](this);
    return need !== "no" && said && said.need !== "no" ? said : { need: need, why: "" };
  }
  if (said) { return said; }
  return { need: this.demands ? "may" : "no", why: "" };
};

Field.prototype.isShown = function (name) { return this.demand(name).need !== "no"; };

/* Show, require and submit each part as it is demanded. */
Field.prototype.settle = function () {
  var i;
  for (i = 0; i < this.order.length; i += 1) { this.settlePart(this.parts[this.order[i]]); }
  for (i = 0; i < this.rows.length; i += 1) { settleRow(this.rows[i]); }
  this.sayOnce();
};

/* Parts that stand together are often demanded for one reason. */
Field.prototype.sayOnce = function () {
  var self = this, said = "";
  this.order.forEach(function (name) {
    var why = self.parts[name].why;
    if (why.hidden) { return; }
    why.hidden = why.textContent === said;
    said = why.textContent;
  });
};

Field.prototype.settlePart = function (part) {
  var name = part.about.name, demand = this.demand(name), isOn = demand.need !== "no", isMust = demand.need === "must", i;
  // Rescue stays in sight beside the emergency it belongs to.
  var isInSight = isOn || name === "is_rescue";
  part.isShown = isOn;
  part.box.hidden = !isInSight;
  part.star.hidden = !isMust;
  empty(part.why).hidden = !(isOn && demand.why) || !part.error.hidden;
  if (demand.why) { put(part.why, document.createTextNode(demand.why)); }
  for (i = 0; i < part.inputs.length; i += 1) {
    part.inputs[i].disabled = !isOn;
    if (part.labels[i]) { mark(part.labels[i], "on", part.inputs[i].checked); }
  }
  if (!part.ticked) { (part.group || part.inputs[0]).setAttribute("aria-required", isMust ? "true" : "false"); }
  if (part.ticked) {
    if (!isOn && FOLLOWS.hasOwnProperty(name)) { part.inputs[0].checked = false; }
    part.ticked.disabled = !isOn;
    part.ticked.value = part.inputs[0].checked ? "1" : "0";
  }
  if (!isOn) { this.fail(name, ""); }
  this.mirror(part);
};

/* In a shadow our controls are no part of the form: hidden ones speak for them. */
Field.prototype.mirror = function (part) {
  if (!part.mirror) { return; }
  part.mirror.value = part.ticked ? part.ticked.value : this.value(part.about.name);
  part.mirror.disabled = !part.isShown || (part.group !== null && part.mirror.value === "");
};

/* The row is called after the first part shown in it; the others by their own side. */
function settleRow(row) {
  var first = null;
  row.parts.forEach(function (part) {
    var place;
    if (!first && part.isShown) { first = part; }
    part.heading.hidden = part.ticked !== undefined;  // a tick has its words behind it
    place = part === first ? row.label : part.box;
    if (part.heading.parentNode !== place) { place.insertBefore(part.heading, place.firstChild); }
  });
  row.node.hidden = !first;
}

/* --- what the host's form says ---------------------------------------------- */

Field.prototype.values = function (names) {
  var found = [], i, j, controls, value;
  for (i = 0; i < names.length; i += 1) {
    controls = this.form.querySelectorAll('[name="' + names[i] + '"]');
    for (j = 0; j < controls.length; j += 1) {
      if ((controls[j].type !== "radio" && controls[j].type !== "checkbox") || controls[j].checked) {
        value = (controls[j].value || "").replace(/^\s+|\s+$/g, "");
        if (value) { found.push(value); }
      }
    }
  }
  return found;
};

/* "50.3x00 肝叶切除术" counts by its first word. */
function firstWord(text) { return text.split(/\s+/)[0]; }

/* The surgeon is named apart; somebody named twice stands in the first place. */
Field.prototype.team = function (surgeon) {
  var team = [], named = [surgeon];
  function add(role) {
    return function (text) {
      var emp_no = firstWord(text);
      if (named.indexOf(emp_no) < 0) { named.push(emp_no); team.push({ emp_no: emp_no, role: role }); }
    };
  }
  this.values(this.assistants).forEach(add("ASSIST"));
  this.values(this.supervisor).forEach(add("SUPERVISE"));
  return team;
};

Field.prototype.question = function () {
  var question = this.choices(["radio", "check"]), surgeon = firstWord(this.values(this.surgeon)[0] || "");
  question.surgeon = surgeon;
  question.procedures = this.values(this.procedures).map(firstWord);
  question.planned_at = (this.values(this.plannedAt)[0] || "").replace(" ", "T");
  question.nature = question.nature || "1";
  question.team = this.team(surgeon);
  return question;
};

/* Values of the parts shown, of these kinds; what was left empty has its default. */
Field.prototype.choices = function (kinds) {
  var self = this, chosen = {};
  this.order.forEach(function (name) {
    var part = self.parts[name], value = self.value(name);
    if (kinds.indexOf(part.about.kind) < 0) { return; }
    if (part.ticked) { chosen[name] = value === "1" && part.isShown; } else if (value !== "" && part.isShown) { chosen[name] = value; }
  });
  return chosen;
};

Field.prototype.watch = function () {
  var self = this, names = this.surgeon.concat(this.procedures, this.plannedAt, this.assistants, this.supervisor);
  function changed(event) {
    if (names.indexOf(event.target.name) >= 0) { self.look(); }
  }
  this.form.addEventListener("input", changed);
  this.form.addEventListener("change", changed);
  // A station that fills its fields by script says so.
  this.root.addEventListener("yw-refresh", function () { self.look(); });
  this.form.addEventListener("click", function (event) {
    var button = event.target;
    while (button && button !== self.form && button.tagName !== "BUTTON" && button.tagName !== "INPUT") { button = button.parentNode; }
    if (button && (button.type === "submit" || button.type === "image")) { self.clicked = button; }
  });
  this.form.addEventListener("submit", function (event) { self.submit(event); });
};

/* --- the verdict ------------------------------------------------------------ */

Field.prototype.look = function () {
  var self = this, question, text;
  if (!this.token || !this.form) { return; }
  question = this.question();
  text = JSON.stringify(question);
  if (text === this.asked) { return; }
  this.asked = text;
  this.number += 1;
  this.code.value = "";
  if (this.isAboutQuestion) { this.unwarn(); }
  window.clearTimeout(this.timer);
  if (!question.surgeon || !question.procedures.length || !question.planned_at) {
    this.time.textContent = "";
    this.demands = null;
    this.settle();
    this.say(this.texts.waiting, "m");
    return;
  }
  this.panel.setAttribute("aria-busy", "true");
  this.timer = window.setTimeout(function () { self.check(text, self.number); }, WAIT);
};

Field.prototype.check = function (text, number) {
  var self = this;
  this.send("POST", "check", text, function (status, answer) {
    if (number !== self.number) { return; }
    self.panel.removeAttribute("aria-busy");
    if (status === 200) { self.verdict(answer); } else { self.noVerdict(status, answer); }
  });
};

Field.prototype.send = function (method, path, body, done) {
  var headers = { "Authorization": "Bearer " + this.token };
  if (body) { headers["Content-Type"] = "application/json"; }
  ask(method, path, body, headers, done);
};

Field.prototype.noVerdict = function (status, answer) {
  this.asked = "";  // the same question may be asked again
  if (status === 401 && answer.code === "TOKEN_EXPIRED") { this.warn(this.texts.expired); }
  this.unknown(status === 0 ? "" : answer.message);
};

Field.prototype.unknown = function (why) {
  this.verdict({
    // Nothing of ours holds the form up: what 9 means is the hospital's parameter.
    code: UNKNOWN, label: this.texts.unknown, tone: "mute", icon: "help-circle", lets_through: true,
    title: this.texts.unknown, note: why || this.texts.unknown_why, hint: "", procedures: [], team: [],
    data_time: this.texts.asked_at + " " + clock()
  });
};

Field.prototype.verdict = function (verdict) {
  var head = make("div", "yw-v " + verdict.tone);
  if (verdict.demands) { this.adopt(verdict.demands); }
  this.code.value = verdict.code;
  this.time.textContent = verdict.data_time;
  put(head, chip(verdict, " fr"), make("div", "h " + verdict.tone, verdict.title), make("div", "t12 m", verdict.note));
  put(empty(this.panel), head);
  if (verdict.procedures.length) {
    put(this.panel, this.table(verdict), this.colleagues(verdict.team || []), this.why(verdict), this.others(verdict));
  }
  if (verdict.hint) { put(this.panel, put(make("div", "t12 m yw-at"), icon("urgent", true), document.createTextNode(" " + verdict.hint))); }
  tell(this.root, "yw-verdict", { code: verdict.code, letsThrough: verdict.lets_through });
};

/* What is shown changes with the answer; the question does not, so it is not asked again. */
Field.prototype.adopt = function (demands) {
  this.demands = demands;
  this.settle();
  this.asked = JSON.stringify(this.question());
};

function headings(texts) {
  var row = make("tr");
  texts.forEach(function (text) {
    var cell = make("th", "", text);
    cell.setAttribute("scope", "col");
    put(row, cell);
  });
  return put(make("thead"), row);
}

Field.prototype.table = function (verdict) {
  var table = make("table", "yw-t"), body = make("tbody"), self = this;
  verdict.procedures.forEach(function (one) {
    var name = make("td", "", one.name || one.procedure), result = make("td");
    if (one.name) { put(name, make("div", "t12 m", one.procedure)); }
    put(result, chip(one), self.standing(one));
    put(body, put(make("tr"), name, put(make("td"), make("span", "yw-g g" + one.grade, one.grade_label)), result));
  });
  return put(table, headings([this.texts.procedure, this.texts.grade, verdict.surgeon.name + "　" + this.texts.surgeon]), body);
};

/* Until when it may be done; or what is needed and what there is. */
Field.prototype.standing = function (one) {
  var text;
  if (one.until) { return make("div", "t12 m", this.texts.until + " " + one.until); }
  if (one.needed > one.held) {
    text = this.texts.standing.replace("%(needed)s", this.texts["grade_" + one.needed]).replace("%(held)s", this.texts["grade_" + one.held]);
    return make("div", "t12 m", text);
  }
  return null;
};

/* Everybody but the surgeon, each with the most severe of their results. */
Field.prototype.colleagues = function (team) {
  var table = make("table", "yw-t"), body = make("tbody");
  if (!team.length) { return null; }
  team.forEach(function (one) {
    var result = put(make("td"), chip(one));
    if (!one.lets_through) { (one.reasons || []).forEach(function (text) { put(result, make("div", "t12 m", text)); }); }
    put(body, put(make("tr"), put(make("td", "", one.name), one.name === one.emp_no ? null : make("span", "t12 m", " " + one.emp_no)), make("td", "", one.role_label), result));
  });
  return put(table, headings([this.texts.team, this.texts.role, this.texts.result]), body);
};

/* Reasons of what was not let through; else of everything. Each is said once. */
Field.prototype.why = function (verdict) {
  var box = make("div"), list = make("ul"), said = {}, steps = [];
  var told = verdict.procedures.filter(function (one) { return one.code !== "0"; });
  (told.length ? told : verdict.procedures).forEach(function (one) {
    one.reasons.forEach(function (text) {
      if (!said[text]) { said[text] = true; put(list, make("li", "", text)); }
    });
    if (one.remedy && steps.indexOf(one.remedy) < 0) { steps.push(one.remedy); }
  });
  put(box, put(make("div", "yw-why"), make("span", "b", this.texts.why), list));
  if (steps.length) { put(box, put(make("div", "yw-next"), make("span", "b", this.texts.next + "　"), document.createTextNode(steps.join("；")))); }
  return box;
};

/* Who may instead, and how much they have that day. Whom the form takes is the host's. */
Field.prototype.others = function (verdict) {
  var self = this, box = make("div", "yw-who"), blocked;
  blocked = verdict.procedures.filter(function (one) { return one.others && one.others.length; });
  if (!blocked.length) { return null; }
  put(box, make("span", "b", this.texts.who_may));
  blocked.forEach(function (one) {
    var list = make("ul");
    if (blocked.length > 1) { put(box, make("div", "t12 m", (one.name || "") + " " + one.procedure)); }
    one.others.forEach(function (other) { put(list, self.other(other)); });
    put(box, list);
  });
  return box;
};

Field.prototype.other = function (other) {
  var self = this, line = make("li", "cf"), button;
  put(line, make("span", "b", other.name), make("span", "t12 m", "　" + other.department + "　" + self.texts.load_that_day + " " + other.words + "　"));
  if (this.canChoose) {
    button = make("button", "yw-btn sm", this.texts.instead.replace("%(name)s", other.name));
    button.type = "button";
    button.addEventListener("click", function () { tell(self.root, "yw-choose", { emp_no: other.emp_no, name: other.name }); });
    put(line, button);
  }
  return line;
};

Field.prototype.say = function (text, css) {
  put(empty(this.panel), put(make("div", "yw-msg"), make("span", css, text)));
};

/* --- errors ---------------------------------------------------------------- */

/* Stays until what it says is answered: by another question if it is about the
   question, else by the next declaration. A verdict that comes later does not take
   it away. */
Field.prototype.warn = function (text) {
  put(empty(this.message), put(make("span", "bad b"), icon("alert-triangle", true), document.createTextNode(" " + text)));
  this.message.hidden = false;
};

Field.prototype.unwarn = function () {
  this.message.hidden = true;
  this.isAboutQuestion = false;
};

Field.prototype.fail = function (name, text) {
  var part = this.parts[name], i;
  empty(part.error).hidden = !text;
  if (text) {
    put(part.error, document.createTextNode(text));
    part.why.hidden = true;  // the error says it again
  }
  for (i = 0; i < part.labels.length; i += 1) { mark(part.labels[i], "er", Boolean(text)); }
  if (!part.labels.length) { mark(part.inputs[0], "er", Boolean(text)); }
  (part.group || part.inputs[0]).setAttribute("aria-invalid", text ? "true" : "false");
};

/* What is missing, in the order it is shown; the first gets the focus. */
Field.prototype.isComplete = function () {
  var self = this, first = null;
  this.order.forEach(function (name) {
    var demand = self.demand(name), isMissing = demand.need === "must" && self.value(name) === "";
    self.fail(name, isMissing ? self.texts["choose_" + name] || demand.why || self.texts.required : "");
    if (isMissing && !first) { first = self.parts[name].inputs[0]; }
  });
  if (first) { first.focus(); }
  return !first;
};

/* --- declaring -------------------------------------------------------------- */

/* Read when it is needed: a station may number the sheet late. */
Field.prototype.application = function () { return this.root.getAttribute("data-yw-application") || ""; };

Field.prototype.recall = function () {
  var self = this, application = this.application();
  if (!application) { return; }
  this.send("GET", "declarations/" + encodeURIComponent(application), null, function (status, answer) {
    if (status === 404) { self.warn(answer.message); }
    if (status !== 200) { return; }
    self.saw(application, null);
    if (!answer.declaration || self.isTouched) { return; }
    self.saw(application, answer.declared_at);
    self.order.forEach(function (name) { if (answer[name] !== undefined) { self.give(name, answer[name]); } });
    self.declaration.value = answer.declaration;
    self.settle();
    self.look();
  });
};

/* What the doctor had before them of this sheet: what a colleague declared since then is
   not written over. */
Field.prototype.saw = function (application, declaredAt) { this.seen = { application: application, declaredAt: declaredAt }; };

Field.prototype.submit = function (event) {
  var self = this, body, texts, name;
  // Not ours to stop: the host refused, a draft is stored, the portal never answered,
  // or it is declared.
  if (event.defaultPrevented || !this.token || this.isDeclared || (this.clicked && this.clicked.formNoValidate)) {
    this.isDeclared = false;
    if (!this.token) { this.code.value = UNKNOWN; }
    return;
  }
  event.preventDefault();
  if (this.isDeclaring || !this.isComplete()) { return; }
  this.isDeclaring = true;
  body = this.question();
  body.application_no = this.application();
  if (this.seen && this.seen.application === body.application_no) { body.seen = this.seen.declaredAt; }
  texts = this.choices(["text", "moment"]);
  for (name in texts) { if (texts.hasOwnProperty(name)) { body[name] = texts[name]; } }
  this.send("POST", "declarations", JSON.stringify(body), function (status, answer) {
    self.isDeclaring = false;
    self.declared(status, answer);
  });
};

Field.prototype.declared = function (status, answer) {
  this.unwarn();
  if (status === 200) {
    this.number += 1;
    this.declaration.value = answer.declaration;
    this.saw(answer.application_no, answer.declared_at);
    this.asked = JSON.stringify(this.question());
    this.verdict(answer.verdict);
    this.goOn();
  } else if (status === 0 || status === 429) {
    this.warn(this.texts.not_saved);
    this.unknown("");
    this.goOn();
  } else if (status === 401) {
    this.tooOld();
  } else {
    this.refused(answer);
  }
};

/* Held once, so that the doctor can reload; a second time the host goes on. */
Field.prototype.tooOld = function () {
  this.warn(this.texts.expired);
  this.unknown(this.texts.expired);
  if (this.isHeld) { this.goOn(); }
  this.isHeld = true;
};

Field.prototype.refused = function (answer) {
  var part = this.parts[answer.field], named;
  if (part && part.isShown) {
    this.fail(answer.field, answer.message);
    part.inputs[0].focus();
    return;
  }
  this.warn(answer.message);
  named = { surgeon: this.surgeon, procedures: this.procedures, planned_at: this.plannedAt, team: this.assistants }[answer.field];
  this.isAboutQuestion = Boolean(named);
  named = named && named.length && this.form.querySelector('[name="' + named[0] + '"]');
  if (named && named.focus) { named.focus(); }
};

/* The same button again, so that the host's own handlers see what they know. A host
   that shut its button on hearing the verdict has decided. */
Field.prototype.goOn = function () {
  var button = this.clicked, own = null;
  if (button && button.disabled) { return; }
  this.isDeclared = true;
  if (!button || !this.form.contains(button)) {
    own = button = make("button");
    button.type = "submit";
    button.hidden = true;
    this.form.appendChild(button);
  }
  button.click();
  if (own) { this.form.removeChild(own); }
};

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
}());
