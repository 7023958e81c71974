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
