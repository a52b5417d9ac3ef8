import { providerLabel, readable } from "../../lib/labels";
import type { Dimension } from "../../lib/usageChoice";

/** The words for a part of the usage. A model, key or person has a name of its own. */
export function valueLabel(by: Dimension, label: string): string {
  if (by === "provider") return label === "unknown" ? "Not told" : providerLabel(label);
  if (by === "status") return statusLabel(label);
  return label;
}

/** "success", or the status or kind of an error. */
export function statusLabel(status: string): string {
  if (status === "success") return "Answered";
  return /^\d+$/.test(status) ? `Failed (${status})` : readable(status);
}
