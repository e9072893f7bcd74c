// The strip of breaking news: how long ago its story was filed, a button that closes it for this
// story, and the strip itself on pages that were written before.
(() => {
  "use strict";
  const source = document.currentScript.dataset.strip;
  const KEY = "breaking-closed";
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;

  const remembered = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const remember = (story) => { try { localStorage.setItem(KEY, story); } catch { /* it comes back */ } };

  const ago = (time) => {
    const past = Date.now() - Date.parse(time.dateTime);
    if (!(past >= 0 && past < 24 * HOUR)) return;
    const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
    time.title = time.textContent.trim();
    time.textContent = past < HOUR
      ? words.format(-Math.floor(past / MINUTE), "minute")
      : words.format(-Math.floor(past / HOUR), "hour");
  };

  const closable = (strip) => {
    const button = document.createElement("button");
    button.ariaLabel = button.title = strip.dataset.close;
    button.textContent = "×";
    button.addEventListener("click", () => {
      remember(strip.dataset.story);
      strip.remove();
      document.getElementById("content").focus({ preventScroll: true });
    });
    strip.firstElementChild.append(button);
  };

  const over = (strip) =>
    Date.now() >= Date.parse(strip.dataset.until) || strip.dataset.story === remembered();
  const finish = (strip) => {
    if (over(strip)) return strip.remove();
    strip.querySelectorAll("time").forEach(ago);
    closable(strip);
  };

  const fetched = async () => {
    const answer = await fetch(source);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const strip = page.querySelector("template")?.content.querySelector(".breaking");
    if (!strip || over(strip)) return;
    const story = new URL(strip.querySelector("a").getAttribute("href"), location.href);
    const leading = document.querySelector(".first a")?.pathname;
    if ([location.pathname, leading].includes(story.pathname)) return;
    document.body.append(document.adoptNode(strip));
    strip.classList.add("later");  // at the foot of the window: what is being read must not jump
    finish(strip);
  };

  const begin = () => document.querySelectorAll(".breaking").forEach(finish);
  if (document.readyState !== "loading") begin();
  else {
    if (remembered()) {  // hidden before it is painted, so that nothing jumps
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`.breaking[data-story=${JSON.stringify(remembered())}] { display: none }`);
      document.adoptedStyleSheets.push(sheet);
    }
    document.addEventListener("DOMContentLoaded", begin);
  }
  if (source) fetched().catch(() => {});
})();
