/** Exact count with group separators: `1,234,567`. */
export function formatCount(count: number): string {
  return new Intl.NumberFormat().format(count);
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
