/**
 * Loaded into a process before everything else (`node --import`): every SIGUSR2 puts its calendar a minute ahead.
 * Timers go on as they are, so that what is due in minutes can be asked for now.
 */
const STEP_MS = 60_000;

let aheadMs = 0;
const RealDate = Date;

class DateAhead extends RealDate {
  constructor(...parts: readonly number[]) {
    super(...((parts.length === 0 ? [RealDate.now() + aheadMs] : parts) as [number]));
  }

  static override now(): number {
    return RealDate.now() + aheadMs;
  }
}

globalThis.Date = DateAhead as DateConstructor;

process.on('SIGUSR2', () => {
  aheadMs += STEP_MS;
});
