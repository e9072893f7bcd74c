// A sender with nodemailer's pool: HTML and text filled in for each reader, composed and sent.
//
// node pool.cjs SAID.json PORT CONNECTIONS COUNT
//
// SAID.json has subject, html and text with {{ slot }} for what is personal; the links
// are as long as ours, but not signed. It keeps no ledger.

const fs = require("node:fs");
const nodemailer = require("nodemailer");

const [file, port, connections, count] = process.argv.slice(2);
const said = JSON.parse(fs.readFileSync(file, "utf8"));
const TOKEN = "0123456789abcdef".repeat(3);
const SLOT = /\{\{ (\w+) \}\}/;

function template(text, escape) {
  const parts = text.split(SLOT);
  return (values) => parts.map((part, n) => (n % 2 ? escape(values[part]) : part)).join("");
}

function escaped(value) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
  return value.replace(/[&<>"']/g, (one) => entities[one]);
}

const html = template(said.html, escaped);
const text = template(said.text, (value) => value);

function message(number) {
  const link = (what) => `https://post.example/${what}/${TOKEN}${number}`;
  const values = {
    name: `Ada Lovelace ${number}`,
    email: `reader${number}@example.org`,
    unsubscribe: link("unsubscribe"),
    preferences: link("preferences"),
    view: link("view"),
  };
  return {
    from: { name: "Morning Post", address: "news@example.org" },
    to: { name: values.name, address: values.email },
    subject: said.subject,
    messageId: `<41.${number}.0123456789abcdef@example.org>`,
    headers: {
      "List-Id": "<news.example.org>",
      "List-Unsubscribe": `<${values.unsubscribe}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      Precedence: "bulk",
      "Feedback-ID": "41:news:post:6ba7b8109dad",
      "Auto-Submitted": "auto-generated",
    },
    html: html(values),
    text: text(values),
    textEncoding: "quoted-printable",
  };
}

async function main() {
  const pool = nodemailer.createTransport({
    host: "127.0.0.1",
    port: Number(port),
    ignoreTLS: true,
    pool: true,
    maxConnections: Number(connections),
    maxMessages: Infinity,
  });
  let next = 0;
  const before = process.cpuUsage();
  const began = process.hrtime.bigint();
  const sender = async () => {
    while (next < Number(count)) await pool.sendMail(message(next++));
  };
  await Promise.all(Array.from({ length: 2 * Number(connections) }, sender));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const { user, system } = process.cpuUsage(before);
  pool.close();
  const status = fs.readFileSync("/proc/self/status", "utf8");
  const resident = Number(status.match(/VmHWM:\s+(\d+)/)[1]) * 1024;
  console.log(JSON.stringify({ count: next, seconds, cpu: (user + system) / 1e6, resident }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
