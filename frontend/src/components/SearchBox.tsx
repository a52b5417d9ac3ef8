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

/** A search box: what is typed shows at once and is passed on a moment after the last key. */
export function SearchBox({ label, placeholder, value, onChange }: SearchBoxProps) {
  const [text, setText] = useState(value);
  const sent = useRef(value);

  useEffect(() => {
    // Changed by other means than typing: back, forward, or "clear all".
    if (value === sent.current) return;
    sent.current = value;
    setText(value);
  }, [value]);

  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      onChange(text);
    }, SEARCH_DELAY);
    return () => clearTimeout(timer);
  }, [text, onChange]);

  return (
    <SearchInput
      aria-label={label}
      placeholder={placeholder}
      value={text}
      inputProps={{ maxLength: LENGTH }}
      onChange={(_, next) => setText(next)}
      onClear={() => setText("")}
    />
  );
}
