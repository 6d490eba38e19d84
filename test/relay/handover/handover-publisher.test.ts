import { expect, it } from 'vitest';
import { HandoverPublisher } from '../../../relay/handover/handover-publisher.ts';
import type { StreamHandover } from '../../../shared/wire/relay/stream-handover.ts';
import { RelayClock, settled } from '../relay-clock.ts';

const HANDOVER_DELAY_MS = 250;

const CURRENT: StreamHandover = { streams: 1, workers: [], lanes: {} };

/** One state is being saved, and the caller waits until that is done. */
async function expectWaiting(
  call: { readonly isDone: boolean },
  saves: readonly PromiseWithResolvers<void>[],
): Promise<void> {
  await settled();
  expect({ saving: saves.length, isDone: call.isDone }).toEqual({ saving: 1, isDone: false });
  saves[0]?.resolve();
  await settled();
  expect(call.isDone).toBe(true);
}

function setUp() {
  const clock = new RelayClock();
  const saves: PromiseWithResolvers<void>[] = [];
  const publisher = new HandoverPublisher({
    clock,
    current: () => CURRENT,
    save: (_, isShared) => {
      if (!isShared) return Promise.resolve();
      const saving = Promise.withResolvers<void>();
      saves.push(saving);
      return saving.promise;
    },
  });
  const saveNow = (): { isDone: boolean } => {
    const call = { isDone: false };
    void publisher.saveNow().then(() => {
      call.isDone = true;
    });
    return call;
  };
  return { clock, saves, publisher, saveNow };
}

it('is saved at once when the stream is about to restart, and the caller waits until it is', async () => {
  const { saves, publisher, saveNow } = setUp();
  publisher.changed();
  await expectWaiting(saveNow(), saves);
});

it('is waited for as well when it was being saved already', async () => {
  const { clock, saves, publisher, saveNow } = setUp();
  publisher.changed();
  await clock.advance(HANDOVER_DELAY_MS);
  await expectWaiting(saveNow(), saves);
});

it('is not saved again when nothing has changed', async () => {
  const { saves, saveNow } = setUp();
  const call = saveNow();
  await settled();
  expect({ saving: saves.length, isDone: call.isDone }).toEqual({ saving: 0, isDone: true });
});
