import { SearchInput } from "@patternfly/react-core";
import { useEffect, useRef, useState } from "react";

/** Long enough to take a fast typist's keys together, short enough not to be noticed; in milliseconds. */
const SEARCH_DELAY = 40;
/** What the server takes at most. */
const LENGTH = 200;

interface SearchBoxProps {
  /** What is searched, for those who don't see it from its place. */
  label: string;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
}

/** A search box: what is typed shows at once and is passed on a moment after the last key, or when the box is left. */
export function SearchBox({ label, placeholder, value, onChange }: SearchBoxProps) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => {
    // Changed by other means than typing: back, forward, or "clear all".
    if (value === sent.current) return;
    clearTimeout(timer.current);
    sent.current = value;
    setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const pass = (next: string) => {
    clearTimeout(timer.current);
    if (next === sent.current) return;
    sent.current = next;
    onChange(next);
  };
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => pass(next), SEARCH_DELAY);
  };
  return (
    <SearchInput
      aria-label={label}
      placeholder={placeholder}
      value={text}
      // Whatever else is done on the page begins with leaving the box, and comes after what was typed.
      inputProps={{ maxLength: LENGTH, onBlur: () => pass(text) }}
      onChange={(_, next) => type(next)}
      onClear={() => type("")}
    />
  );
}
