import type { MessageData } from './payload.ts';

/** What the event handler of a hub is told about one connection. */
export interface UpstreamEvent {
  /** `ce-id`: 0 is the connect event, the others count from 1 per connection. */
  readonly id: number;
  readonly hub: string;
  readonly category: 'system' | 'user';
  readonly name: string;
  readonly connectionId: string;
  readonly originHost: string;
  readonly subprotocol: string;
  readonly userId?: string;
  readonly connectionState?: string;
  readonly data: MessageData;
}
