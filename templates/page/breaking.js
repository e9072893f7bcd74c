// The breaking strip of an article's page, and how long ago a strip's story was filed.
(() => {
  "use strict";
  const source = document.currentScript.dataset.strip;
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;

  const ago = (time) => {
    const past = Date.now() - Date.parse(time.dateTime);
    if (!(past >= 0 && past < 24 * HOUR)) return;
    const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
    time.title = time.textContent.trim();
    time.textContent = past < HOUR
      ? words.format(-Math.floor(past / MINUTE), "minute")
      : words.format(-Math.floor(past / HOUR), "hour");
  };

  const over = (strip) => Date.now() >= Date.parse(strip.dataset.until);
  const date = (strip) => strip.querySelectorAll("time").forEach(ago);

  const fetched = async () => {
    const answer = await fetch(source);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const strip = page.querySelector(".breaking");
    if (!strip || over(strip)) return;
    const story = new URL(strip.querySelector("a").getAttribute("href"), location.href);
    if (story.pathname === location.pathname) return;
    date(strip);
    strip.classList.add("later");  // at the foot of the window: what is being read must not jump
    document.body.append(document.adoptNode(strip));
  };

  document.querySelectorAll(".breaking").forEach((strip) => (over(strip) ? strip.remove() : date(strip)));
  if (source) fetched().catch(() => {});
})();
