/** Media operations as the compatibility table names them. */
export type MediaOperationKind =
  | 'playToAll'
  | 'recognizeNonGroup'
  | 'playTo'
  | 'recognizeGroup'
  | 'sendDtmf'
  | 'startContinuousDtmf';

/** The main leg carries what everybody hears, a sub leg what concerns one participant. */
export type CallLeg = 'main' | 'sub';

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
  for (const kind of existing) {
    if (!COMPATIBILITY[kind].allows.includes(added)) return kind;
  }
  return undefined;
}
