/** What somebody outside the call wants of it while it lasts, heard and carried out: workers come and go, and are told things. */
import type { CallControlMessage } from '../../shared/wire/relay/call-control-messages.ts';
import type { CallWorkers } from './call-workers.ts';
import { ControlInbox, type ControlInboxOptions } from './control-inbox.ts';
import { Standby, type StandbyOptions } from './standby.ts';

const NOT_ON_THE_CALL = 'control: the worker is not on the call';

export interface CallControlOptions
  extends Omit<ControlInboxOptions, 'onMessage'>,
    Omit<StandbyOptions, 'onControl' | 'clock'> {
  readonly clock: ControlInboxOptions['clock'] & StandbyOptions['clock'];
  readonly workers: () => CallWorkers;
}

export class CallControl {
  readonly #options: CallControlOptions;
  readonly #inbox: ControlInbox;
  readonly #standby: Standby;
  #isOver = false;

  constructor(options: CallControlOptions) {
    this.#options = options;
    this.#inbox = new ControlInbox({ ...options, onMessage: (message) => this.#act(message) });
    this.#standby = new Standby({ ...options, onControl: (value) => this.receive(value) });
  }

  /** Something was published in the call's control group. */
  receive(value: unknown): void {
    this.#inbox.receive(value);
  }

  /** Lanes or workers have changed: somebody has to hear the group, whatever becomes of them. */
  workersChanged(): void {
    this.#standby.isNeeded = !this.#isOver && !this.#options.workers().isReachable;
  }

  /** The stream is over. Idempotent. */
  end(): void {
    this.#isOver = true;
    this.workersChanged();
  }

  #act(message: CallControlMessage): void {
    if (this.#isOver) return;
    const workers = this.#options.workers();
    switch (message.type) {
      case 'attach': {
        const refusal = workers.attach(message.worker);
        if (refusal !== undefined) this.#options.onIgnored(`control: ${refusal}`);
        break;
      }
      case 'detach':
        if (!workers.detach(message.worker)) this.#options.onIgnored(NOT_ON_THE_CALL);
        break;
      case 'message': {
        const { worker, data } = message;
        if (!workers.tell({ type: 'message', data }, worker)) this.#options.onIgnored(NOT_ON_THE_CALL);
        break;
      }
    }
  }
}
