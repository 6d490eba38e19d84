import type * as z from 'zod';
import type { CallRoute } from '../../../shared/call/route.ts';
import type { PublishCallControl } from '../../../shared/wire/relay/call-control-messages.ts';
import type { AcsCalls } from '../call/acs-port.ts';
import type { CallStore } from '../call/stores.ts';
import type { MessageEntries } from './message-entries.ts';

/** Where log messages go. Fields are ids, states, counts and codes, and never a number, context, ticket or token. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** What the use cases of the control app need. */
export interface ControlDeps {
  readonly store: CallStore;
  readonly acs: AcsCalls;
  /** Enters messages to workers in timelines. */
  readonly messages: Pick<MessageEntries, 'add'>;
  readonly clock: {
    /** Milliseconds since the epoch. */
    now(): number;
    sleep(ms: number): Promise<void>;
  };
  /** A new unique id. */
  readonly newId: () => string;
  /** The routes in force, in order of precedence. */
  readonly routes: { current(log: Log): Promise<readonly CallRoute[]> };
  /** Base URLs have no slash at the end. */
  readonly publicBaseUrl: string;
  readonly relayUrl: string;
  /** Seals the tickets. */
  readonly ticketKey: string;
  readonly maxCallMs: number;
  /** Sends a control message to the relay that streams a call. Omit it if the settings name no Web PubSub. */
  readonly publishToRelay?: PublishCallControl;
  /** Sends a message to the workers of a call. Without it they learn nothing of what ACS recognizes. */
  readonly sendToWorkers?: (
    callId: string,
    data: Readonly<Record<string, z.core.util.JSONType>>,
  ) => Promise<void>;
}
