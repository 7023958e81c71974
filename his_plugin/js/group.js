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
