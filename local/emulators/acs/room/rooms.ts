import { Room, type RoomOptions } from './room.ts';

/** What an application connects to, as `CallLocator` names it. */
export interface CallLocation {
  readonly kind: 'serverCallLocator' | 'groupCallLocator' | 'roomCallLocator';
  readonly id: string;
}

/** The rooms that are not over, by the id of their call and, of groups and rooms of the service, by theirs. */
export class Rooms {
  readonly #environment: Pick<RoomOptions, 'clock' | 'ticker'>;
  readonly #open = new Set<Room>();
  readonly #byServerCallId = new Map<string, Room>();
  readonly #byLocation = new Map<string, Room>();

  constructor(environment: Pick<RoomOptions, 'clock' | 'ticker'>) {
    this.#environment = environment;
  }

  find({ kind, id }: CallLocation): Room | undefined {
    return kind === 'serverCallLocator'
      ? this.#byServerCallId.get(id)
      : this.#byLocation.get(`${kind} ${id}`);
  }

  /** A new room with nobody in it; `location`: where it can be found beside the id of its call. */
  open(serverCallId: string, sampleRateHz: number, location?: CallLocation): Room {
    const { clock, ticker } = this.#environment;
    const key = location === undefined ? undefined : `${location.kind} ${location.id}`;
    const room = new Room({
      serverCallId,
      sampleRateHz,
      clock,
      ticker,
      onEnd: () => {
        this.#open.delete(room);
        if (this.#byServerCallId.get(serverCallId) === room) this.#byServerCallId.delete(serverCallId);
        if (key !== undefined && this.#byLocation.get(key) === room) this.#byLocation.delete(key);
      },
    });
    this.#open.add(room);
    this.#byServerCallId.set(serverCallId, room);
    if (key !== undefined) this.#byLocation.set(key, room);
    return room;
  }

  /** Everybody hangs up, when the process ends. Idempotent. */
  close(): void {
    for (const room of [...this.#open]) room.close();
  }
}
