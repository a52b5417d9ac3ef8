import { configureAxe } from "vitest-axe";

/** axe without what needs a layout: colours are checked in the end-to-end tests, in a real browser. */
export const axe = configureAxe({ rules: { "color-contrast": { enabled: false } } });
