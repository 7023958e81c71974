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
