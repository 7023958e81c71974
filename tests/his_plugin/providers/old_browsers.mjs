// Reads a script as Chromium 49 would: node old_browsers.mjs MODULES FILE…
// One line for each thing that browser does not know: "file:line: what".
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, ...files] = process.argv.slice(2);
const from = (path) => import(pathToFileURL(join(modules, path)).href);
const { parse } = await from("acorn/dist/acorn.mjs");
const { ancestor } = await from("acorn-walk/dist/walk.mjs");

// Newer than Chromium 49, or missing in the old engines of stations that are not Chromium.
const NAMES = new Set(["AbortController", "BigInt", "BroadcastChannel", "FinalizationRegistry",
  "FormData", "Intl", "IntersectionObserver", "Map", "Promise", "Proxy", "ResizeObserver", "Set",
  "Symbol", "TextDecoder", "TextEncoder", "URL", "URLSearchParams", "WeakMap", "WeakRef", "WeakSet",
  "crypto", "fetch", "globalThis", "queueMicrotask", "requestIdleCallback", "structuredClone"]);
const MEMBERS = new Set(["after", "allSettled", "animate", "append", "assign", "at", "before",
  "closest", "codePointAt", "composedPath", "elementsFromPoint", "endsWith", "entries", "fill",
  "finally", "find", "findIndex", "findLast", "flat", "flatMap", "from", "fromEntries",
  "getOwnPropertySymbols", "getRootNode", "includes", "isConnected", "matches", "matchAll",
  "normalize", "of", "padEnd", "padStart", "prepend", "remove", "repeat", "replaceAll",
  "replaceChildren", "replaceWith", "reportValidity", "requestSubmit", "scrollTo", "startsWith",
  "then", "toggleAttribute", "trimEnd", "trimStart", "visualViewport"]);

// They exist in newer browsers alone; a script may use them after asking for them.
const ASKED_FOR = { Reflect: "window.Reflect", attachShadow: "attachShadow", customElements: "window.customElements" };

function problems(text) {
  const found = [];
  let tree;
  try {
    tree = parse(text, { ecmaVersion: 5, locations: true });
  } catch (error) {
    return [[error.loc ? error.loc.line : 1, error.message]];
  }
  const say = (node, what) => found.push([node.loc.start.line, what]);
  const asked = new Set();
  ancestor(tree, {
    UnaryExpression(node) { if (node.operator === "!") { asked.add(text.slice(node.argument.start, node.argument.end)); } },
  });
  ancestor(tree, {
    Identifier(node) {
      if (NAMES.has(node.name)) { say(node, node.name); }
      if (Object.hasOwn(ASKED_FOR, node.name) && !asked.has(ASKED_FOR[node.name])) { say(node, `${node.name} without asking`); }
    },
    MemberExpression(node) {
      const name = node.computed ? node.property.value : node.property.name;
      const isOfWindow = node.object.type === "Identifier" && node.object.name === "window";
      if (MEMBERS.has(name) || (isOfWindow && NAMES.has(name))) { say(node.property, `.${name}`); }
      const isAsked = [...asked].some((one) => one.endsWith(`.${name}`));
      if (Object.hasOwn(ASKED_FOR, name) && !isAsked) { say(node.property, `.${name} without asking`); }
    },
  });
  return found;
}

for (const file of files) {
  for (const [line, what] of problems(readFileSync(file, "utf-8"))) {
    console.log(`${basename(file)}:${line}: ${what}`);
  }
}
