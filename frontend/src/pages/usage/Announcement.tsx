import { useEffect, useRef, useState } from "react";

/** Ticks may come every second; read out loud they are bearable only now and then. */
const ANNOUNCE_EVERY = 20_000;

/** Says the figures to screen readers when they changed, at most every twenty seconds. */
export function Announcement({ text }: { text: string }) {
  const [said, setSaid] = useState("");
  const latest = useRef(text);
  const heard = useRef(text);

  useEffect(() => {
    latest.current = text;
  }, [text]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (latest.current === heard.current) return;
      heard.current = latest.current;
      setSaid(`Usage changed: ${latest.current}`);
    }, ANNOUNCE_EVERY);
    return () => clearInterval(timer);
  }, []);

  return (
    <div className="pf-v6-screen-reader" role="status">
      {said}
    </div>
  );
}
