import type { Limits } from '../base/limits.ts';

export interface HubRules {
  readonly limits: Limits;
  /** What a client notices when the event handler fails: an error ack (Microsoft's emulator), or the end of its connection (documentation). */
  readonly onUserEventFailure: 'errorAck' | 'closeConnection';
}
