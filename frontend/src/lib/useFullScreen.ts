import { type RefObject, useSyncExternalStore } from "react";

const subscribe = (listener: () => void) => {
  document.addEventListener("fullscreenchange", listener);
  return () => document.removeEventListener("fullscreenchange", listener);
};

/** Whether an element fills the screen, and a switch; null where the browser has no full screen. */
export function useFullScreen(element: RefObject<HTMLElement | null>): { isFull: boolean; toggle: (() => void) | null } {
  const shown = useSyncExternalStore(subscribe, () => document.fullscreenElement ?? null);
  const isFull = shown !== null && shown === element.current;
  const toggle = () => void (isFull ? document.exitFullscreen() : element.current?.requestFullscreen());
  return { isFull, toggle: document.fullscreenEnabled ? toggle : null };
}
