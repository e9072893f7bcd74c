// For each line of input, a JSON list of AMP pages, writes a line: a JSON list of what is wrong
// with each. It takes longer to begin than to judge, so that one process judges for many tests.
"use strict";
const path = require("node:path");
const readline = require("node:readline");
const validator = require("amphtml-validator");

const ENGINE = path.join(__dirname, "node_modules", "validator_wasm.js");

async function main() {
  const engine = await validator.getInstance(ENGINE);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const found = JSON.parse(line).map((page) => {
      const result = engine.validateString(page);
      const said = result.errors.map((e) => `${e.severity} ${e.line}:${e.col} ${e.message}`);
      return result.status === "PASS" || said.length ? said : [result.status];
    });
    process.stdout.write(`${JSON.stringify(found)}\n`);
  }
}

main();
