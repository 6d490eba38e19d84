/** What a telephone is connected to: a call of the application, or a conversation without it. */
export interface PhoneHost {
  /** The person hangs up. Nothing happens where nobody of this raw id is there. */
  participantHangsUp(rawId: string): void;
}

/** The line of one telephone, which follows it from call to call, so that the person can always hang up. */
export class PhoneLine {
  readonly rawId: string;
  /** Undefined before the telephone is connected. */
  host: PhoneHost | undefined;

  constructor(rawId: string) {
    this.rawId = rawId;
  }

  /** Idempotent. */
  hangUp(): void {
    this.host?.participantHangsUp(this.rawId);
  }
}
