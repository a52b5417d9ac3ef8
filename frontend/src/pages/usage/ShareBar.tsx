/** A part of the whole, from 0 to 1, as a bar; its figure stands beside it. */
export function ShareBar({ share }: { share: number }) {
  return (
    <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden className="share-bar">
      <rect width="100" height="6" className="share-whole" />
      <rect width={share * 100} height="6" className="share-part" />
    </svg>
  );
}
