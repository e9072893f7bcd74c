// Loads the page again when a file that it was made from is saved, and stays where it was scrolled.
"use strict";
(() => {
  const shown = document.currentScript.dataset.version;
  const frames = [...document.querySelectorAll("iframe")];
  const before = (sessionStorage.getItem("scrolled") || "").split(" ").map(Number);
  frames.forEach((frame, number) => {
    const scroll = () => frame.contentWindow.scrollTo(0, before[number] || 0);
    frame.addEventListener("load", scroll, { once: true });
    if (frame.contentDocument && frame.contentDocument.readyState === "complete") scroll();
  });
  new EventSource("preview/changes").onmessage = (event) => {
    if (event.data === shown) return;
    const heights = frames.map((frame) => frame.contentWindow.scrollY);
    if (heights.length) sessionStorage.setItem("scrolled", heights.join(" "));
    location.reload();
  };
})();
