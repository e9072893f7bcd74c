// Solves the challenge of /signup/challenge, which makes a flood of sign-ups expensive.
"use strict";
(() => {
  const form = document.querySelector("form.fields");
  const answer = form.elements.altcha;
  const status = form.querySelector(".working");
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const fraction = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
  const BEGIN = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
  const ROUND = primes.map((p) => fraction(Math.cbrt(p)));
  const rotate = (x, n) => (x >>> n) | (x << (32 - n));

  // SHA-256 (FIPS 180-4) of ASCII text; crypto.subtle is unavailable over plain HTTP.
  function sha256(text) {
    const words = new Int32Array(((text.length + 8) >> 6) * 16 + 16);
    for (let i = 0; i < text.length; i++) words[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8);
    words[text.length >> 2] |= 0x80 << (24 - (text.length % 4) * 8);
    words[words.length - 1] = text.length * 8;
    const state = BEGIN.slice();
    const w = new Int32Array(64);
    for (let block = 0; block < words.length; block += 16) {
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i++) {
        if (i < 16) w[i] = words[block + i];
        else {
          const s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >>> 3);
          const s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >>> 10);
          w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
        }
        const t1 = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) | 0;
        const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
      }
      [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] = (state[i] + x) | 0; });
    }
    return state.map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
  }

  async function work() {
    const task = await (await fetch(new URL("challenge", script.src))).json();
    for (let number = 0; number <= task.maxnumber; number++) {
      if (number % 500 === 0) await new Promise((resolve) => { setTimeout(resolve); });
      if (sha256(task.salt + number) === task.challenge) {
        const { algorithm, challenge, salt, signature } = task;
        return btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
      }
    }
    return "";
  }

  for (const text of document.querySelectorAll("[data-script]")) text.hidden = false;
  const script = document.currentScript;
  let working = null;
  const start = () => { working ??= work().catch(() => ""); return working; };
  form.addEventListener("focusin", start, { once: true });
  form.addEventListener("submit", async (event) => {
    if (answer.value) return;
    event.preventDefault();
    status.textContent = status.dataset.working;
    answer.value = (await start()) || "failed";
    form.submit();
  });
})();
