// Reads a JSON list of AMP pages and writes a JSON list of what is wrong with each.
"use strict";
const path = require("node:path");
const validator = require("amphtml-validator");

const ENGINE = path.join(__dirname, "node_modules", "validator_wasm.js");

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const pages = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  const engine = await validator.getInstance(ENGINE);
  const found = pages.map((page) => {
    const result = engine.validateString(page);
    const said = result.errors.map((e) => `${e.severity} ${e.line}:${e.col} ${e.message}`);
    return result.status === "PASS" || said.length ? said : [result.status];
  });
  process.stdout.write(JSON.stringify(found));
}

main();
