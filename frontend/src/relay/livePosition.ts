import type { FormattedExecutionResult, SubscribePayload } from "graphql-ws";

/** `position` of the message's field, where the document asks for it. */
function positionOf(message: FormattedExecutionResult): number | undefined {
  for (const event of Object.values((message.data ?? {}) as Record<string, unknown>)) {
    const position = (event as { position?: unknown } | null)?.position;
    if (typeof position === "number") return position;
  }
  return undefined;
}

/** The newest position of each state that this tab was shown, by what it subscribed to. */
export class Positions {
  private readonly newest = new Map<string, number>();

  /**
   * A payload to subscribe with, again after a reconnection too, and `isNews`, which says whether a message is newer than
   * all before it: another replica may be a moment behind.
   *
   * A document with a variable `after` tells of events: its payload moves on with them, so that none is missed and none
   * comes twice. All others tell of a state, which is the same one when it is subscribed to again.
   */
  follow({ query, variables }: SubscribePayload): {
    payload: SubscribePayload;
    isNews: (message: FormattedExecutionResult) => boolean;
  } {
    const own = { ...variables };
    const isEvents = "after" in own;
    const state = JSON.stringify([query, variables]);
    let newest = isEvents ? (own.after as number | null) : (this.newest.get(state) ?? null);
    return {
      payload: { query, variables: own },
      isNews: (message) => {
        const position = positionOf(message);
        if (position === undefined) return true;
        if (newest !== null && position <= newest) return false;
        newest = position;
        if (isEvents) own.after = position;
        else this.newest.set(state, position);
        return true;
      },
    };
  }
}
