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
