import type * as z from 'zod';
import type { PublishCallControl } from '../../../shared/wire/relay/call-control-messages.ts';
import type { AcsCalls } from '../call/acs-port.ts';
import type { CallStore } from '../call/stores.ts';
import type { RouteBook } from './route-book.ts';

/** Where messages go. Fields are ids, states, counts and codes: never a number, context, ticket or token. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** What the use cases of the control app need. */
export interface ControlDeps {
  readonly store: CallStore;
  readonly acs: AcsCalls;
  readonly clock: Clock;
  /** A new id, unlike any other. */
  readonly newId: () => string;
  readonly routes: Pick<RouteBook, 'current'>;
  /** Without a slash at the end, as are all base URLs. */
  readonly publicBaseUrl: string;
  readonly relayUrl: string;
  /** Signs the tickets. */
  readonly ticketKey: string;
  readonly maxCallMs: number;
  /** Tells the relay that has a call something about its workers. Absent: there is no way to the relays. */
  readonly tellRelay?: PublishCallControl;
  /** Says something to the workers of a call. Absent: there is no way to them, and nobody is told. */
  readonly tellWorkers?: (
    callId: string,
    data: Readonly<Record<string, z.core.util.JSONType>>,
  ) => Promise<void>;
}
