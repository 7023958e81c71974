/* 手术申请字段组。住院医生站的申请单页面引入本文件,见 docs/station-integration.md。
   ES5,Chromium 49 起可用;不依赖其他文件,不写内联样式,不注册快捷键,不改动宿主页面。 */
(function () {
  "use strict";

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
  var WAIT = 300;        // after the last change, before asking
  var TIMEOUT = 8000;    // no answer by then: 暂时无法核对
  var UNKNOWN = "9";
  // Said before the portal has sent its words, or because it cannot be reached.
  var EARLY = {
    title: "手术申请核对", origin: "医务管理系统", unknown: "暂时无法核对",
    unknown_why: "医务管理系统没有应答，手术申请可照常提交，由医生站按本院规定处理",
    asked_at: "核对时间", reading: "正在连接医务管理系统"
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

  function tell(node, detail) {
    var event;
    try {
      event = new CustomEvent("yw-verdict", { bubbles: true, detail: detail });
    } catch (old) {
      event = document.createEvent("CustomEvent");
      event.initCustomEvent("yw-verdict", true, false, detail);
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

  /* --- the field group ------------------------------------------------------ */

  function Field(root) {
    this.root = root;
    this.form = formAround(root);
    this.surgeon = words(root.getAttribute("data-yw-surgeon"));
    this.procedures = words(root.getAttribute("data-yw-procedures"));
    this.plannedAt = words(root.getAttribute("data-yw-planned-at"));
    this.application = root.getAttribute("data-yw-application") || "";
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
    this.groups = {};
  }

  Field.prototype.start = function () {
    var self = this;
    this.frame();
    this.say(EARLY.reading, "m");
    if (this.form) { this.watch(); }
    ask("POST", "session", this.root.getAttribute("data-yw-launch") || "",
      { "Content-Type": "application/x-www-form-urlencoded" },
      function (status, answer) {
        self.root.removeAttribute("data-yw-launch");
        if (status === 200) { self.open(answer); } else { self.shut(status, answer); }
      });
  };

  /* The box, before there is anything in it. */
  Field.prototype.frame = function () {
    var box = make("div", "yw-box"), bar = make("div", "yw-bar");
    empty(this.root);
    this.time = make("span", "m t12 fr");
    put(bar, this.time, icon("shield-check"), make("span", "", " " + this.texts.title + " "), make("span", "m t12", this.texts.origin));
    this.message = make("div", "yw-msg");
    this.message.setAttribute("role", "alert");
    this.message.hidden = true;
    this.body = make("div");
    this.panel = make("div");
    this.panel.setAttribute("aria-live", "polite");
    this.code = hidden("yw_verdict_code");
    this.declaration = hidden("yw_declaration");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", this.texts.title);
    put(box, bar, this.message, put(this.body, this.panel), this.code, this.declaration);
    put(this.root, put(make("div", "yw"), box));
  };

  function hidden(name) {
    var input = make("input");
    input.type = "hidden";
    input.name = name;
    return input;
  }

  /* No session: say why; the host goes on. */
  Field.prototype.shut = function (status, answer) {
    this.unknown(status === 0 ? "" : answer.message);
  };

  Field.prototype.open = function (session) {
    this.texts = session.texts;
    this.options = session.options;
    this.token = session.token;
    this.frame();
    this.layOut();
    this.say(this.texts.waiting, "m");
    this.recall();
    this.look();
  };

  Field.prototype.layOut = function () {
    var table = make("table", "yw-two"), row = make("tr"), left = make("td", "yw-left"), right = make("td", "yw-right");
    var fields = make("table", "yw-f");
    empty(this.body);
    table.setAttribute("role", "presentation");
    fields.setAttribute("role", "presentation");
    this.rows = make("tbody");
    this.group("is_planned", this.texts.is_planned_hint);
    this.group("nature", "", this.rescue());
    this.group("reoperation", "");
    this.reasonRow();
    put(left, put(fields, this.rows));
    put(right, this.panel);
    put(this.body, put(table, put(make("tbody"), put(row, left, right))));
    this.settle();
  };

  Field.prototype.row = function (key, content) {
    var row = make("tr"), label = make("td", "k"), cell = make("td"), error = make("div", "yw-er");
    var text = make("span", "", this.texts[key]), star = make("span", "rq", "*");
    text.id = "yw-label-" + key;
    error.id = "yw-error-" + key;
    error.hidden = true;
    star.setAttribute("aria-hidden", "true");
    put(this.rows, put(row, put(label, star, text), put(cell, content, error)));
    this.groups[key] = { row: row, error: error, inputs: [], labels: [] };
    return this.groups[key];
  };

  /* One choice of few, as radio buttons in a row. */
  Field.prototype.group = function (key, hint, extra) {
    var self = this, box = make("div"), options = make("span", "yw-opts"), group, i;
    options.setAttribute("role", "radiogroup");
    options.setAttribute("aria-labelledby", "yw-label-" + key);
    options.setAttribute("aria-describedby", "yw-error-" + key);
    options.setAttribute("aria-required", "true");
    put(box, options, hint ? make("span", "m t12 yw-hint", hint) : null, extra);
    group = this.row(key, box);
    for (i = 0; i < this.options[key].length; i += 1) {
      this.option(group, key, options, this.options[key][i]);
    }
    group.options = options;
    options.addEventListener("change", function () {
      self.isTouched = true;
      self.clear(key);
      self.settle();
      self.look();
    });
  };

  Field.prototype.option = function (group, key, options, option) {
    var label = make("label", "yw-opt"), input = make("input");
    input.type = "radio";
    input.name = "yw_" + key;
    input.value = option[0];
    input.addEventListener("focus", function () { mark(label, "fo", true); });
    input.addEventListener("blur", function () { mark(label, "fo", false); });
    put(options, put(label, input, document.createTextNode(option[1])));
    group.inputs.push(input);
    group.labels.push(label);
  };

  Field.prototype.rescue = function () {
    var self = this, label = make("label", "m yw-chk");
    this.isRescue = make("input");
    this.isRescue.type = "checkbox";
    this.rescueValue = hidden("yw_is_rescue");
    this.isRescue.addEventListener("change", function () {
      self.isTouched = true;
      self.settle();
      self.look();
    });
    return put(label, this.isRescue, document.createTextNode(" " + this.texts.is_rescue), this.rescueValue);
  };

  Field.prototype.reasonRow = function () {
    var self = this, input = make("input", "yw-in");
    input.type = "text";
    input.name = "yw_reoperation_reason";
    input.maxLength = 200;
    input.autocomplete = "off";
    input.placeholder = this.texts.reason_hint;
    input.setAttribute("aria-labelledby", "yw-label-reoperation_reason");
    input.setAttribute("aria-describedby", "yw-error-reoperation_reason");
    input.setAttribute("aria-required", "true");
    input.addEventListener("input", function () { self.isTouched = true; self.clear("reoperation_reason"); });
    this.reason = input;
    this.row("reoperation_reason", input).inputs.push(input);
  };

  Field.prototype.value = function (key) {
    var inputs = this.groups[key].inputs, i;
    for (i = 0; i < inputs.length; i += 1) { if (inputs[i].checked) { return inputs[i].value; } }
    return "";
  };

  Field.prototype.choose = function (key, value) {
    var inputs = this.groups[key].inputs, i;
    for (i = 0; i < inputs.length; i += 1) { inputs[i].checked = inputs[i].value === value; }
  };

  /* What depends on what: rescue on emergency, the reason on 非计划再次. */
  Field.prototype.settle = function () {
    var key, group, i, isEmergency = this.value("nature") === "2", isAgain = this.value("reoperation") === "2";
    for (key in this.groups) {
      if (this.groups.hasOwnProperty(key)) {
        group = this.groups[key];
        for (i = 0; i < group.labels.length; i += 1) { mark(group.labels[i], "on", group.inputs[i].checked); }
      }
    }
    if (!isEmergency) { this.isRescue.checked = false; }
    this.isRescue.disabled = !isEmergency;
    this.rescueValue.disabled = !isEmergency;
    this.rescueValue.value = this.isRescue.checked ? "1" : "0";
    this.groups.reoperation_reason.row.hidden = !isAgain;
    this.reason.disabled = !isAgain;
  };

  /* --- what the host's form says -------------------------------------------- */

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
  Field.prototype.question = function () {
    var first = function (text) { return text.split(/\s+/)[0]; };
    return {
      surgeon: first(this.values(this.surgeon)[0] || ""),
      procedures: this.values(this.procedures).map(first),
      planned_at: (this.values(this.plannedAt)[0] || "").replace(" ", "T"),
      nature: this.value("nature") || "1",
      is_rescue: this.isRescue.checked
    };
  };

  Field.prototype.watch = function () {
    var self = this, names = this.surgeon.concat(this.procedures, this.plannedAt);
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

  /* --- the verdict ----------------------------------------------------------- */

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
      title: this.texts.unknown, note: why || this.texts.unknown_why, hint: "", procedures: [],
      data_time: this.texts.asked_at + " " + clock()
    });
  };

  Field.prototype.verdict = function (verdict) {
    var head = make("div", "yw-v " + verdict.tone);
    this.code.value = verdict.code;
    this.time.textContent = verdict.data_time;
    put(head, chip(verdict, " fr"), make("div", "h " + verdict.tone, verdict.title), make("div", "t12 m", verdict.note));
    put(empty(this.panel), head);
    if (verdict.procedures.length) { put(this.panel, this.table(verdict), this.why(verdict)); }
    if (verdict.hint) { put(this.panel, put(make("div", "t12 m yw-at"), icon("urgent", true), document.createTextNode(" " + verdict.hint))); }
    tell(this.root, { code: verdict.code, letsThrough: verdict.lets_through });
  };

  Field.prototype.table = function (verdict) {
    var table = make("table", "yw-t"), head = make("tr"), body = make("tbody"), self = this;
    var heads = [this.texts.procedure, this.texts.grade, verdict.surgeon.name + "　" + this.texts.surgeon];
    heads.forEach(function (text) {
      var cell = make("th", "", text);
      cell.setAttribute("scope", "col");
      put(head, cell);
    });
    verdict.procedures.forEach(function (one) {
      var name = make("td", "", one.name || one.procedure), result = make("td");
      if (one.name) { put(name, make("div", "t12 m", one.procedure)); }
      put(result, chip(one), one.until ? make("div", "t12 m", self.texts.until + " " + one.until) : null);
      put(body, put(make("tr"), name, put(make("td"), make("span", "yw-g g" + one.grade, one.grade_label)), result));
    });
    return put(table, put(make("thead"), head), body);
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

  Field.prototype.clear = function (key) { this.fail(key, ""); };

  Field.prototype.fail = function (key, text) {
    var group = this.groups[key], i;
    empty(group.error).hidden = !text;
    if (text) { put(group.error, document.createTextNode(text)); }
    for (i = 0; i < group.labels.length; i += 1) { mark(group.labels[i], "er", Boolean(text)); }
    if (!group.labels.length) { mark(group.inputs[0], "er", Boolean(text)); }
    (group.options || group.inputs[0]).setAttribute("aria-invalid", text ? "true" : "false");
  };

  /* What is missing, in the order it is shown; the first gets the focus. */
  Field.prototype.isComplete = function () {
    var self = this, first = null, missing = {
      is_planned: this.value("is_planned") ? "" : this.texts.choose_is_planned,
      nature: this.value("nature") ? "" : this.texts.choose_nature,
      reoperation: this.value("reoperation") ? "" : this.texts.choose_reoperation,
      reoperation_reason: this.reason.disabled || this.reason.value.replace(/\s/g, "") ? "" : this.texts.write_reason
    };
    ["is_planned", "nature", "reoperation", "reoperation_reason"].forEach(function (key) {
      self.fail(key, missing[key]);
      if (missing[key] && !first) { first = self.groups[key].inputs[0]; }
    });
    if (first) { first.focus(); }
    return !first;
  };

  /* --- declaring -------------------------------------------------------------- */

  Field.prototype.recall = function () {
    var self = this;
    if (!this.application) { return; }
    this.send("GET", "declarations/" + encodeURIComponent(this.application), null, function (status, answer) {
      if (status === 404) { self.warn(answer.message); }
      if (status !== 200 || !answer.declaration || self.isTouched) { return; }
      self.choose("is_planned", answer.is_planned);
      self.choose("nature", answer.nature);
      self.choose("reoperation", answer.reoperation);
      self.isRescue.checked = answer.is_rescue;
      self.reason.value = answer.reoperation_reason;
      self.declaration.value = answer.declaration;
      self.settle();
      self.look();
    });
  };

  Field.prototype.submit = function (event) {
    var self = this, body;
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
    body.application_no = this.application;
    body.is_planned = this.value("is_planned");
    body.reoperation = this.value("reoperation");
    body.reoperation_reason = this.reason.disabled ? "" : this.reason.value;
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
    var key = answer.field === "is_rescue" ? "nature" : answer.field, named;
    if (this.groups[key]) {
      this.fail(key, answer.message);
      this.groups[key].inputs[0].focus();
      return;
    }
    this.warn(answer.message);
    named = { surgeon: this.surgeon, procedures: this.procedures, planned_at: this.plannedAt }[key];
    this.isAboutQuestion = Boolean(named);
    named = named && this.form.querySelector('[name="' + named[0] + '"]');
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

  (function start() {
    var all = document.querySelectorAll("[data-yw-launch]"), i;
    for (i = 0; i < all.length; i += 1) { new Field(all[i]).start(); }
  }());
}());
