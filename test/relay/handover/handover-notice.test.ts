import { expect, it } from 'vitest';
import { HANDOVER_DELAY_MS, HandoverNotice } from '../../../relay/handover/handover-notice.ts';
import type { StreamHandover } from '../../../shared/wire/relay/stream-handover.ts';
import { RelayClock, settled } from '../relay-clock.ts';

const CURRENT: StreamHandover = { streams: 1, workers: [], lanes: {} };

/** One notice is being left, and whoever asked waits until it is kept. */
async function expectWaiting(
  asked: { readonly isDone: boolean },
  kept: readonly PromiseWithResolvers<void>[],
): Promise<void> {
  await settled();
  expect({ left: kept.length, isDone: asked.isDone }).toEqual({ left: 1, isDone: false });
  kept[0]?.resolve();
  await settled();
  expect(asked.isDone).toBe(true);
}

function setUp() {
  const clock = new RelayClock();
  const kept: PromiseWithResolvers<void>[] = [];
  const notice = new HandoverNotice({
    clock,
    current: () => CURRENT,
    leave: (_, isKept) => {
      if (!isKept) return Promise.resolve();
      const keeping = Promise.withResolvers<void>();
      kept.push(keeping);
      return keeping.promise;
    },
  });
  const leaveNow = (): { isDone: boolean } => {
    const asked = { isDone: false };
    void notice.leaveNow().then(() => {
      asked.isDone = true;
    });
    return asked;
  };
  return { clock, kept, notice, leaveNow };
}

it('is left at once when the stream is about to be restarted, and that waits until it is kept', async () => {
  const { kept, notice, leaveNow } = setUp();
  notice.changed();
  await expectWaiting(leaveNow(), kept);
});

it('is waited for as well when it was being left already', async () => {
  const { clock, kept, notice, leaveNow } = setUp();
  notice.changed();
  await clock.advance(HANDOVER_DELAY_MS);
  await expectWaiting(leaveNow(), kept);
});

it('is not left again when nothing has changed', async () => {
  const { kept, leaveNow } = setUp();
  const asked = leaveNow();
  await settled();
  expect({ left: kept.length, isDone: asked.isDone }).toEqual({ left: 0, isDone: true });
});
