/** One server-sent event. */
interface ServerSentEvent {
  /** The id in force when the event came. */
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Longest unfinished line, and longest data of an event, in characters. A stream with more is not one of ours. */
const MAX_PENDING = 1_048_576;

/** Reads a stream of server-sent events from pieces of its text (HTML standard, section 9.2.6). */
export class EventStreamReader {
  #pending = '';
  #id: string | undefined;
  #event = '';
  #data: string[] = [];
  #dataChars = 0;

  /**
   * The events that this piece completes.
   * @throws RangeError if a line or an event does not end
   */
  readEvents(text: string): ServerSentEvent[] {
    const lines = (this.#pending + text).split(/\r\n|\n|\r(?!$)/);
    this.#pending = lines.pop() ?? '';
    if (this.#pending.length > MAX_PENDING)
      throw new RangeError(`a line of the stream has more than ${MAX_PENDING} characters`);
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerSentEvent[] {
    if (line === '') return this.#dispatch();
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'data') this.#addData(value);
    else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return [];
  }

  #addData(value: string): void {
    // An empty line of data takes memory too.
    this.#dataChars += value.length + 1;
    if (this.#dataChars > MAX_PENDING)
      throw new RangeError(`an event of the stream has more than ${MAX_PENDING} characters`);
    this.#data.push(value);
  }

  #dispatch(): ServerSentEvent[] {
    const event = this.#event === '' ? 'message' : this.#event;
    const data = this.#data;
    this.#event = '';
    this.#data = [];
    this.#dataChars = 0;
    return data.length === 0 ? [] : [{ id: this.#id, event, data: data.join('\n') }];
  }
}
