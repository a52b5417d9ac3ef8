/** Exact count with group separators: `1,234,567`. */
export function formatCount(count: number): string {
  return new Intl.NumberFormat().format(count);
}

/** So many of them: `1 key`, `1,234 keys`; `plural` where it does not end in s. */
export function formatSome(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** Short form for tight places: `1.2M`. */
export function formatCompact(count: number): string {
  return new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 }).format(count);
}

/** A context window in tokens as people say it: 131072 -> `128K`, 1000000 -> `1M`, 8192 -> `8K`. */
export function formatTokens(tokens: number): string {
  if (tokens >= 1024 && tokens % 1024 === 0 && tokens < 1024 * 1024) return `${formatCount(tokens / 1024)}K`;
  if (tokens % (1024 * 1024) === 0 && tokens > 0) return `${formatCount(tokens / (1024 * 1024))}M`;
  return formatCompact(tokens);
}

/** Share of calls that succeeded; no calls have no rate. Never rounds up to 100 % when something failed. */
export function formatSuccessRate(requests: number, failures: number): string {
  if (requests === 0) return "–";
  const rate = (requests - failures) / requests;
  return new Intl.NumberFormat(undefined, {
    style: "percent",
    maximumFractionDigits: 1,
    roundingMode: "floor",
  } as Intl.NumberFormatOptions).format(rate);
}

/** The size of a file: `512 B`, `1.5 MB`. */
export function formatBytes(bytes: number): string {
  const step = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return new Intl.NumberFormat(undefined, {
    style: "unit",
    unit: ["byte", "kilobyte", "megabyte", "gigabyte"][step],
    maximumFractionDigits: step === 0 ? 0 : 1,
  }).format(bytes / 1000 ** step);
}

/** A part of the whole: `12.5%`; what is not nothing is not shown as nothing. */
export function formatShare(share: number): string {
  const format = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
  return share > 0 && share < 0.001 ? `< ${format.format(0.001)}` : format.format(share);
}
