/** How a number compares with the one before, in words: "12% more", "about as much"; null when there is no telling. */
export function trendText(now: number, before: number, words: { more: string; less: string; same: string }): string | null {
  if (before === 0) return null;
  const change = (now - before) / before;
  if (Math.abs(change) < 0.005) return words.same;
  const size = new Intl.NumberFormat(undefined, {
    style: "percent",
    maximumFractionDigits: Math.abs(change) < 0.1 ? 1 : 0,
  }).format(Math.abs(change));
  return `${size} ${change > 0 ? words.more : words.less}`;
}
