import { Tally, type TallyReport } from './tally.ts';

export interface ClientTrafficReport {
  /** Messages of groups and of the server: what the service charges for. */
  readonly messages: TallyReport;
  /** Acks, pongs and system messages. */
  readonly protocol: TallyReport;
  /** What the client sent; nothing is charged for it. */
  readonly received: TallyReport;
}

/** The traffic of one client's connection, or of all of a hub. */
export class ClientTraffic {
  readonly messages = new Tally();
  readonly protocol = new Tally();
  readonly received = new Tally();

  get isEmpty(): boolean {
    return this.messages.isEmpty && this.protocol.isEmpty && this.received.isEmpty;
  }

  reset(): void {
    this.messages.reset();
    this.protocol.reset();
    this.received.reset();
  }

  report(): ClientTrafficReport {
    return {
      messages: this.messages.report(),
      protocol: this.protocol.report(),
      received: this.received.report(),
    };
  }
}
