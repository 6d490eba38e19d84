import type { CallStep } from '../call/model.ts';
import type { ControlDeps, Log } from './deps.ts';
import { runCommands } from './run-commands.ts';

interface Correction {
  /** The entry's id. Defaults to a new one. */
  readonly id?: string;
  /** The entry's type: how the fault was found. */
  readonly type: 'Swept' | 'Compared' | 'StreamLost';
  readonly atMs: number;
  /** Who found it, as the log says. */
  readonly by: 'the sweep' | 'the report of a relay';
}

/** A call was not as its row said, and the row is stored: enters that in the timeline, and does what follows. */
export async function enterCorrection(
  deps: ControlDeps,
  made: CallStep,
  { id = deps.newId(), type, atMs, by }: Correction,
  log: Log,
): Promise<void> {
  const { callId, phase, streaming, endReason } = made.call;
  const reason = endReason ?? streaming.reason;
  const details = {
    state: phase,
    streaming: streaming.state,
    ...(reason === undefined ? {} : { reason }),
  };
  const commands = made.commands.map((command) => command.type).join(',');
  log.warn('A call was corrected whose state was wrong or overdue', {
    callId,
    by,
    type,
    ...details,
    commands,
  });
  await deps.store.appendTimeline(callId, { id, atMs, source: 'control', type, details });
  await runCommands(deps, made, log);
}
