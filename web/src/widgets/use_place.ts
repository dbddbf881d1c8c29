// Which part of the page is shown is in the address, so that it survives a reload and can be linked to.

import { useSyncExternalStore } from "react";

export const places = ["nodes", "script"] as const;
export type Place = (typeof places)[number];

function current(): Place {
  const name = window.location.hash.slice(1);
  return places.find((place) => place === name) ?? "nodes";
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, current);
}
