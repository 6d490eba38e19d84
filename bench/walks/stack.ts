/**
 * Through which functions of the product a thing is passed on until it is written to a socket: the call stack at the
 * write. What is called on the way and has returned is not in it; `coverage.ts` counts that too.
 */
import { Socket } from 'node:net';

const PRODUCT_FRAME =
  /^\s*at (?:(?:Object|Socket)\.)?(.*?) ?\(?file:\/\/.*?\/((?:functions|relay|shared)\/.+?\.ts):\d+:\d+\)?$/;
const STACK_LIMIT = 200;

export interface Hops {
  /** `folder/file.ts name`, from the first to the one that writes. */
  readonly functions: readonly string[];
  readonly files: readonly string[];
}

/** Watches every write of this process until `stop`. */
export class WriteStacks {
  readonly #write = Socket.prototype.write;
  readonly #limit = Error.stackTraceLimit;
  #last: Hops = { functions: [], files: [] };

  constructor() {
    const { write } = Socket.prototype;
    const note = (): void => this.#note();
    Error.stackTraceLimit = STACK_LIMIT;
    Socket.prototype.write = function writeAndNote(this: Socket, ...args: Parameters<typeof write>) {
      note();
      return write.apply(this, args);
    } as typeof write;
  }

  /** The way to the last write that the product made. */
  get last(): Hops {
    return this.#last;
  }

  stop(): void {
    Socket.prototype.write = this.#write;
    Error.stackTraceLimit = this.#limit;
  }

  #note(): void {
    const functions = (new Error().stack ?? '')
      .split('\n')
      .flatMap((line) => {
        const [, name, file] = PRODUCT_FRAME.exec(line) ?? [];
        return file === undefined ? [] : [`${file} ${name || '(anonymous)'}`];
      })
      .reverse();
    if (functions.length === 0) return;
    this.#last = { functions, files: [...new Set(functions.map((each) => each.split(' ', 1)[0] ?? ''))] };
  }
}
