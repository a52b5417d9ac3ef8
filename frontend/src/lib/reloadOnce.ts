const KEY = "litemaas.reloaded";
const MINUTE = 60_000;

/** Loads the page again, but not for ever: what fails a second time within a minute is there to be seen. */
export function reloadOnce(): void {
  if (Date.now() - Number(sessionStorage.getItem(KEY)) < MINUTE) return;
  sessionStorage.setItem(KEY, String(Date.now()));
  window.location.reload();
}
