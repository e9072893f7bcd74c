// The row that shares a story: the system's own share sheet where there is one, and copying its link.
(() => {
  "use strict";
  const row = document.querySelector(".share");
  if (!row) return;
  const link = row.querySelector(".copy"), button = row.querySelector("button");

  if (navigator.clipboard) {
    link.textContent = link.dataset.copy;
    link.setAttribute("role", "button");
    const status = document.createElement("span");
    row.appendChild(document.createElement("li")).append(status);
    status.setAttribute("role", "status");
    link.addEventListener("click", async (event) => {
      event.preventDefault();
      try {
        await navigator.clipboard.writeText(link.href);
        status.textContent = link.dataset.copied;
      } catch {
        location.href = link.href;
      }
    });
  }
  if (navigator.share) {
    button.parentElement.hidden = false;
    button.addEventListener("click", () =>
      navigator.share({ title: row.dataset.title, url: link.href }).catch(() => {}));
  }
})();
