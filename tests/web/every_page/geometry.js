// Evaluates to a function that lists what is wrong with a page by its geometry alone: what makes it
// scroll sideways, words outside their column, words that are cut off, and things over each other.
() => {
  const found = [];
  const style = new Map();
  const look = (element) => {
    if (!style.has(element)) style.set(element, getComputedStyle(element));
    return style.get(element);
  };
  const named = (element, text = "") =>
    `${element.tagName.toLowerCase()}.${element.getAttribute("class") || ""} ${text.trim().slice(0, 40)}`;
  const scroller = document.scrollingElement;
  if (scroller.scrollWidth > innerWidth) found.push(`the page is ${scroller.scrollWidth} wide`);

  const blocks = new Map();
  const block = (element) => {
    if (!blocks.has(element))
      blocks.set(element, look(element).display.startsWith("inline") || look(element).display === "contents"
        ? block(element.parentElement) : element);
    return blocks.get(element);
  };
  const unseen = (element) => {
    const box = element.getBoundingClientRect();
    return look(element).clipPath !== "none" || box.width <= 1 || box.height <= 1;
  };
  // the part of the page that what is in an element may be seen in; null where it never is
  const views = new Map();
  const view = (element) => {
    if (element === null || element === document.body || element === document.documentElement)
      return { left: -1e9, right: 1e9, top: -1e9, bottom: 1e9, cuts: false };
    if (views.has(element)) return views.get(element);
    let seen = view(element.parentElement);
    const { overflowX, overflowY, position } = look(element);
    if (position === "fixed" || position === "sticky") seen = null; // meant to be over the rest
    if (seen && (overflowX !== "visible" || overflowY !== "visible")) {
      const box = element.getBoundingClientRect();
      seen = unseen(element) ? null : {
        left: Math.max(seen.left, box.left), right: Math.min(seen.right, box.right),
        top: Math.max(seen.top, box.top), bottom: Math.min(seen.bottom, box.bottom), cuts: true,
      };
    } else if (seen && look(element).clipPath !== "none") seen = null;
    views.set(element, seen);
    return seen;
  };

  const boxes = [];
  const put = (owner, box, inset, what) => {
    const seen = view(owner);
    if (!seen) return;
    const placed = {
      owner, what,
      left: Math.max(box.left, seen.left), right: Math.min(box.right, seen.right),
      top: Math.max(box.top + inset, seen.top), bottom: Math.min(box.bottom - inset, seen.bottom),
    };
    if (placed.right - placed.left > 2 && placed.bottom - placed.top > 2) boxes.push(placed);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || ["SCRIPT", "STYLE", "NOSCRIPT", "OPTION"].includes(parent.tagName)) continue;
    if (!parent.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (parent.closest(".skip")) continue;
    const owner = block(parent), seen = view(owner);
    if (!seen) continue;
    range.selectNodeContents(node);
    const column = owner.getBoundingClientRect();
    let out = false;
    for (const box of range.getClientRects()) {
      if (!box.width) continue;
      if (!seen.cuts) out ||= box.right > Math.min(column.right, innerWidth) + 1 || box.left < column.left - 1;
      put(owner, box, box.height / 4, node.data);
    }
    if (out) found.push(`sticks out: ${named(parent, node.data)}`);
  }
  for (const element of document.querySelectorAll("img, iframe, video, audio, svg, hr"))
    if (element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      put(element, element.getBoundingClientRect(), 1, "");

  for (const element of document.body.querySelectorAll("*")) {
    const { overflowX, overflowY, webkitLineClamp, textOverflow } = look(element);
    const hides = (overflow) => overflow === "hidden" || overflow === "clip";
    const wide = hides(overflowX) && textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 2;
    const high = hides(overflowY) && webkitLineClamp === "none" && element.scrollHeight > element.clientHeight + 2;
    if ((wide || high) && !unseen(element) && view(element) && element.innerText.trim())
      found.push(`cut off: ${named(element, element.innerText)}`);
  }

  boxes.sort((one, other) => one.top - other.top);
  for (let i = 0; i < boxes.length; i++)
    for (let k = i + 1; k < boxes.length && boxes[k].top < boxes[i].bottom - 2; k++) {
      const one = boxes[i], other = boxes[k];
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (one.owner !== other.owner && across > 2 && down > 2)
        found.push(`over each other: ${named(one.owner, one.what)} | ${named(other.owner, other.what)}`);
    }
  return [...new Set(found)];
}
