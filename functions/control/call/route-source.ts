import type { CallRoute } from '../../../shared/call/route.ts';

/** Where the routes come from. */
export interface RouteSource {
  /** The routes that hold now, in the order of their precedence. */
  current(): Promise<readonly CallRoute[]>;
}
