/**
 * The control group of a call. The control app publishes there which worker joins the call, which one leaves it, and
 * messages to workers. Every lane of the call hears the group; while there is no lane, a connection of its own does.
 */
import type { CallControlMessage } from '../../shared/wire/relay/call-control-messages.ts';
import type { CallWorkers } from './call-workers.ts';
import { ControlGroupListener, type ControlGroupListenerOptions } from './control-group-listener.ts';
import { ControlInbox, type ControlInboxOptions } from './control-inbox.ts';

const NOT_ON_THE_CALL = 'control: the worker is not on the call';

interface ControlGroupOptions
  extends Omit<ControlInboxOptions, 'onMessage'>,
    Omit<ControlGroupListenerOptions, 'onControl' | 'clock'> {
  readonly clock: ControlInboxOptions['clock'] & ControlGroupListenerOptions['clock'];
  readonly workers: () => CallWorkers;
}

export class ControlGroup {
  readonly #options: ControlGroupOptions;
  readonly #inbox: ControlInbox;
  readonly #listener: ControlGroupListener;
  #isOver = false;

  constructor(options: ControlGroupOptions) {
    this.#options = options;
    this.#inbox = new ControlInbox({ ...options, onMessage: (message) => this.#act(message) });
    this.#listener = new ControlGroupListener({ ...options, onControl: (value) => this.receive(value) });
  }

  /** Takes what was published in the group. Each lane brings its own copy. */
  receive(value: unknown): void {
    this.#inbox.receive(value);
  }

  /** Lanes or workers have changed: without any lane, the group needs a listener of its own. */
  workersChanged(): void {
    this.#listener.isNeeded = !this.#isOver && !this.#options.workers().isReachable;
  }

  /** Attempts to hear the group without a lane that failed. */
  get failedAttempts(): number {
    return this.#listener.failed;
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
