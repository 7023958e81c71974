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
