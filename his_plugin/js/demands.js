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
