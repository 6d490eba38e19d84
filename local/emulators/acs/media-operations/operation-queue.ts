/** Media operations of one call that wait for their turn, at most. Microsoft documents no figure. */
export const MAX_WAITING = 32;

/** A kind that is started and ends; continuous recognition only is or is not, and never waits. */
export type QueuedKind = Exclude<MediaOperationKind, 'startContinuousDtmf'>;

interface QueuedOperation {
  readonly id: number;
  readonly kind: QueuedKind;
}

export interface QueueState {
  /** What runs on each leg of the call. */
  readonly running: Readonly<Record<CallLeg, QueuedOperation | undefined>>;
  /** First come, first served, leg by leg. */
  readonly waiting: readonly QueuedOperation[];
  readonly ended: Readonly<Record<OperationEnd, number>>;
}

type OperationEnd = 'completed' | 'failed' | 'cancelled';

export type QueueInput =
  /** `interrupts`: everything that runs or waits is cancelled first. */
  | { readonly type: 'submit'; readonly operation: QueuedOperation; readonly interrupts: boolean }
  | { readonly type: 'ended'; readonly id: number; readonly how: 'completed' | 'failed' }
  | { readonly type: 'cancelAll' };

export type QueueEffect =
  | { readonly type: 'start'; readonly id: number }
  /** `begun` is false for an operation that never left the queue. */
  | { readonly type: 'cancel'; readonly id: number; readonly begun: boolean };

export type QueueRefusal =
  | { readonly type: 'incompatible'; readonly existing: MediaOperationKind }
  | { readonly type: 'full' };

interface QueueStep {
  readonly state: QueueState;
  readonly effects: readonly QueueEffect[];
  readonly refusal?: QueueRefusal;
}

export const EMPTY_QUEUE: QueueState = {
  running: { main: undefined, sub: undefined },
  waiting: [],
  ended: { completed: 0, failed: 0, cancelled: 0 },
};

/**
 * The media operations of one call; one runs at a time on each leg.
 *
 * ```
 *          submit            leg is free              ended
 *  (none) ────────▶ queued ──────────────▶ playing ──────────▶ completed | failed
 *     │                │                      │
 *     │ incompatible,  │ cancelAll,           │ cancelAll,
 *     ▼ full           │ submit that          │ submit that
 *  refused             ▼ interrupts           ▼ interrupts
 *                   cancelled              cancelled
 * ```
 * An operation that interrupts is measured against nothing, since nothing is left beside it.
 * An `ended` of an operation that does not run (a cancelled one may still say so) changes nothing.
 */
export function stepQueue(state: QueueState, input: QueueInput): QueueStep {
  switch (input.type) {
    case 'submit':
      return submit(state, input.operation, input.interrupts);
    case 'ended':
      return end(state, input.id, input.how);
    case 'cancelAll':
      return cancelAll(state);
  }
}

/** Everything that runs or waits, oldest first. */
export function present(state: QueueState): readonly QueuedOperation[] {
  const running = [state.running.main, state.running.sub].filter((operation) => operation !== undefined);
  return [...running, ...state.waiting].toSorted((a, b) => a.id - b.id);
}

function submit(state: QueueState, operation: QueuedOperation, interrupts: boolean): QueueStep {
  const before: QueueStep = interrupts ? cancelAll(state) : { state, effects: [] };
  const existing = incompatibleWith(
    present(before.state).map(({ kind }) => kind),
    operation.kind,
  );
  if (existing !== undefined) return { state, effects: [], refusal: { type: 'incompatible', existing } };
  if (before.state.waiting.length >= MAX_WAITING) return { state, effects: [], refusal: { type: 'full' } };
  const { leg } = COMPATIBILITY[operation.kind];
  if (before.state.running[leg] !== undefined)
    return { ...before, state: { ...before.state, waiting: [...before.state.waiting, operation] } };
  return {
    state: { ...before.state, running: { ...before.state.running, [leg]: operation } },
    effects: [...before.effects, { type: 'start', id: operation.id }],
  };
}

function end(state: QueueState, id: number, how: 'completed' | 'failed'): QueueStep {
  const leg = (['main', 'sub'] as const).find((candidate) => state.running[candidate]?.id === id);
  if (leg === undefined) return { state, effects: [] };
  const next = state.waiting.find(({ kind }) => COMPATIBILITY[kind].leg === leg);
  return {
    state: {
      running: { ...state.running, [leg]: next },
      waiting: state.waiting.filter((operation) => operation !== next),
      ended: { ...state.ended, [how]: state.ended[how] + 1 },
    },
    effects: next === undefined ? [] : [{ type: 'start', id: next.id }],
  };
}

function cancelAll(state: QueueState): QueueStep {
  const all = present(state);
  return {
    state: { ...EMPTY_QUEUE, ended: { ...state.ended, cancelled: state.ended.cancelled + all.length } },
    effects: all.map((operation) => ({
      type: 'cancel',
      id: operation.id,
      begun: !state.waiting.includes(operation),
    })),
  };
}

/** Media operations as the compatibility table names them. */
export type MediaOperationKind =
  | 'playToAll'
  | 'recognizeNonGroup'
  | 'playTo'
  | 'recognizeGroup'
  | 'sendDtmf'
  | 'startContinuousDtmf';

/** The main leg carries what everybody hears, a sub leg what concerns one participant. */
type CallLeg = 'main' | 'sub';

interface Row {
  readonly leg: CallLeg;
  /** What may run or queue while this operation runs or is queued. */
  readonly allows: readonly MediaOperationKind[];
}

const EVERYTHING: readonly MediaOperationKind[] = [
  'playToAll',
  'recognizeNonGroup',
  'playTo',
  'recognizeGroup',
  'sendDtmf',
  'startContinuousDtmf',
];
const MAIN_LEG_ONLY: readonly MediaOperationKind[] = ['playToAll', 'recognizeNonGroup'];

/**
 * Which operation may run or queue beside which (Microsoft Learn, "How to control mid-call media actions with Call
 * Automation", "Media action compatibility table", row by row).
 */
export const COMPATIBILITY: Readonly<Record<MediaOperationKind, Row>> = {
  playToAll: { leg: 'main', allows: EVERYTHING },
  recognizeNonGroup: { leg: 'main', allows: EVERYTHING },
  playTo: { leg: 'sub', allows: MAIN_LEG_ONLY },
  recognizeGroup: { leg: 'sub', allows: MAIN_LEG_ONLY },
  sendDtmf: { leg: 'sub', allows: MAIN_LEG_ONLY },
  startContinuousDtmf: { leg: 'sub', allows: EVERYTHING },
};

/** The first of the existing operations that does not go with the new one, or undefined where all do. */
export function incompatibleWith(
  existing: Iterable<MediaOperationKind>,
  added: MediaOperationKind,
): MediaOperationKind | undefined {
  for (const kind of existing) if (!COMPATIBILITY[kind].allows.includes(added)) return kind;
  return undefined;
}
