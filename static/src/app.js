// Small comforts. Every page works without this file; nothing here decides anything.

/** A form with problems, or whatever asks for it, gets the focus when the page arrives. */
function focusWhatMatters(root) {
  root.querySelector("[data-focus]")?.focus();
}

/** `aria-expanded` buttons open and close what `aria-controls` names. */
function toggle(button) {
  const target = document.getElementById(button.getAttribute("aria-controls"));
  if (!target) return;
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  target.toggleAttribute("data-collapsed", !open);
  button.closest("tr")?.classList.toggle("open", open);
  const other = button.dataset.toggleLabel;
  if (other) {
    button.dataset.toggleLabel = button.textContent.trim();
    button.textContent = other;
  }
}

/** A link with `data-dialog` opens the dialog of that id instead of the page it leads to. */
function openDialog(event, link) {
  const dialog = document.getElementById(link.dataset.dialog);
  if (!(dialog instanceof HTMLDialogElement)) return;
  event.preventDefault();
  dialog.showModal();
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const status = document.createElement("span");
  status.setAttribute("role", "status");
  status.className = "hint";
  button.after(status);
  status.textContent = button.dataset.copied ?? "✓";
  setTimeout(() => status.remove(), 4000);
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  for (const menu of document.querySelectorAll("details.popup[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
  const control = target?.closest("[data-dialog], [data-close], [data-copy], [data-print], button[aria-controls]");
  if (!control) return;
  if (control.matches("[data-dialog]")) openDialog(event, control);
  else if (control.matches("[data-copy]")) copy(control);
  else if (control.matches("[data-print]")) window.print();
  else if (control.matches("[data-close]")) {
    const dialog = control.closest("dialog");
    if (dialog) event.preventDefault();
    dialog?.close();
  } else toggle(control);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.popup[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

/** Rows that are ticked: their number, the bar with what can be done, and all of a page at once. */
function countPicks(form) {
  const rows = [...form.querySelectorAll("input[name=row]")];
  const picked = rows.filter((row) => row.checked).length;
  form.querySelector("[data-picked-count]").textContent = String(picked);
  form.querySelector("[data-picked-bar]").toggleAttribute("data-collapsed", picked === 0);
  const all = form.querySelector("[data-picks-all]");
  all.checked = picked === rows.length;
  all.indeterminate = picked > 0 && picked < rows.length;
}

document.addEventListener("change", ({ target }) => {
  const form = target instanceof Element ? target.closest("form[data-picks]") : null;
  if (!form || !target.matches("input[name=row], [data-picks-all]")) return;
  if (target.matches("[data-picks-all]")) {
    for (const row of form.querySelectorAll("input[name=row]")) row.checked = target.checked;
  }
  countPicks(form);
});

document.addEventListener("reset", ({ target }) => {
  if (target.matches("form[data-picks]")) setTimeout(() => countPicks(target));
});

/** Coming back to a page, the browser ticks again what was ticked. */
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-picks]")) countPicks(form);
});

/** After a swap by htmx the focus goes to the new part's heading, if it asks for it. */
document.addEventListener("htmx:afterSettle", (event) => focusWhatMatters(event.target));

focusWhatMatters(document);
