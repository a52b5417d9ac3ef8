/** Where a style attribute waits for being set by script. */
export const KEPT = "data-inline-style";

const TAG = /<[a-z](?:"[^"]*"|'[^']*'|[^"'>])*>/gi;
const STYLE_OR_VALUE = /"[^"]*"|'[^']*'|\sstyle(?=\s*=)/gi;

/** The same markup with KEPT instead of each style attribute. */
export function withoutStyles(markup: string): string {
  return markup.replace(TAG, (tag) =>
    tag.replace(STYLE_OR_VALUE, (found) => (/^\s/.test(found) ? ` ${KEPT}` : found)),
  );
}
