/** What a hub has to do, said as simply as it can be: lists and sets, no sockets, no bytes. */

export interface ModelRequest {
  readonly type: 'joinGroup' | 'leaveGroup' | 'sendToGroup' | 'event';
  readonly group: string;
  readonly text: string;
  readonly ackId: number;
  readonly noEcho: boolean;
}

export interface ModelClientOptions {
  readonly reliable: boolean;
  /** Groups it may join, leave and send to. */
  readonly mayJoin: ReadonlySet<string>;
  readonly maySend: ReadonlySet<string>;
}

const RECOVERY_WINDOW_MS = 30_000;

export class ModelClient {
  readonly options: ModelClientOptions;
  readonly groups = new Set<string>();
  /** Everything that it must hear, in order. */
  readonly expected: string[] = [];
  /** Every answer that it is owed, in order; those that come while it is away are lost. */
  readonly answers: string[] = [];
  readonly #processed = new Set<number>();
  readonly #waiting: ModelRequest[] = [];
  state: 'attached' | 'detached' | 'gone' = 'attached';
  lostAtMs = 0;
  busy: ModelRequest | undefined;

  constructor(options: ModelClientOptions) {
    this.options = options;
  }

  /** @param publish sends to the members of a group, except to one client */
  request(request: ModelRequest, publish: (group: string, text: string, except?: ModelClient) => void): void {
    if (this.busy !== undefined) {
      this.#waiting.push(request);
      return;
    }
    if (this.#processed.has(request.ackId)) {
      this.#answer(`${request.ackId} Duplicate`);
      return;
    }
    if (request.type === 'event') {
      this.busy = request;
      return;
    }
    const { mayJoin, maySend } = this.options;
    const allowed = (request.type === 'sendToGroup' ? maySend : mayJoin).has(request.group);
    if (allowed) {
      if (request.type === 'joinGroup') this.groups.add(request.group);
      else if (request.type === 'leaveGroup') this.groups.delete(request.group);
      else publish(request.group, request.text, request.noEcho ? this : undefined);
      this.#processed.add(request.ackId);
    }
    this.#answer(`${request.ackId} ${allowed ? 'ok' : 'Forbidden'}`);
  }

  /** The handler has taken the event under way; its reply is the event's own text. */
  answerEvent(publish: (group: string, text: string, except?: ModelClient) => void): void {
    const event = this.busy;
    if (event === undefined || this.state === 'gone') return;
    this.busy = undefined;
    this.expected.push(event.text);
    this.#processed.add(event.ackId);
    this.#answer(`${event.ackId} ok`);
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.request(next, publish);
      if (this.busy !== undefined) return;
    }
  }

  lose(nowMs: number): void {
    if (this.state !== 'attached') return;
    this.lostAtMs = nowMs;
    this.state = this.options.reliable ? 'detached' : 'gone';
  }

  expire(nowMs: number): void {
    if (this.state === 'detached' && nowMs >= this.lostAtMs + RECOVERY_WINDOW_MS) this.state = 'gone';
  }

  #answer(text: string): void {
    if (this.state === 'attached') this.answers.push(text);
  }
}
