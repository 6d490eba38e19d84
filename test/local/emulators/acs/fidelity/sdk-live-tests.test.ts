/** After the live tests of Microsoft's SDKs for Call Automation. */
import { afterEach, describe, expect, it } from 'vitest';
import { CALLER, types } from '../acs-fixture.ts';
import { MediaOperationsFixture } from '../media-operations/media-operations-fixture.ts';

const fixture = new MediaOperationsFixture();
afterEach(() => fixture.close());

describe('continuous recognition of keys', () => {
  it('can be stopped a second time, which tells nothing more', async () => {
    const { f, media } = await fixture.answeredCall();
    await media.startContinuousDtmfRecognition({ phoneNumber: CALLER });
    await media.stopContinuousDtmfRecognition({ phoneNumber: CALLER });
    await f.callback('ContinuousDtmfRecognitionStopped');
    await media.stopContinuousDtmfRecognition({ phoneNumber: CALLER });
    await media.hold({ phoneNumber: CALLER });
    await f.callbackWhere('ParticipantsUpdated', (data) => JSON.stringify(data).includes('"isOnHold":true'));
    expect(types(f).filter((type) => type === 'ContinuousDtmfRecognitionStopped')).toHaveLength(1);
  });
});
