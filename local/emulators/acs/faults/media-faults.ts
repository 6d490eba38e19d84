/** What can go wrong with the media sockets, as the media code sees it: it asks, per frame, and obeys. */

/**
 * What happens to one AudioData message. `jitter` holds up the messages behind it too: a TCP connection keeps its
 * order. `split`: one message in so many WebSocket frames (RFC 6455 section 5.4). `oversize`: white space, which JSON
 * ignores, makes the message this long.
 */
export type FrameFault =
  | { readonly type: 'jitter'; readonly delayMs: number }
  | { readonly type: 'lose' }
  | { readonly type: 'duplicate'; readonly copies: number }
  | { readonly type: 'split'; readonly parts: number }
  | { readonly type: 'oversize'; readonly bytes: number };

/** The faults of one media socket. */
export interface StreamFaults {
  /** Asked once for each AudioData message, in order. Several faults may hit one message. */
  nextFrame(): readonly FrameFault[];
  /**
   * After so much streaming the connection is dead without a word: nothing is written any more, what comes is thrown
   * away, and nothing is closed. Undefined: never.
   */
  readonly halfOpenAfterMs: number | undefined;
}

/** Gives each media socket its faults. */
export interface MediaFaults {
  /** For one open socket; each run of a script must give it the same `name`. */
  stream(name: string): StreamFaults;
}
