import { describe, expect, it } from 'vitest';
import { DEFAULT_BEHAVIOUR } from '../../../../../local/emulators/acs/call/behaviour.ts';
import { Call } from '../../../../../local/emulators/acs/call/call.ts';
import { newCallIds } from '../../../../../local/emulators/acs/call/ids.ts';
import { TokenIssuer } from '../../../../../local/emulators/acs/events/tokens.ts';
import {
  CallRegistry,
  MAX_AUDIO_OF_ENDED_CALLS_BYTES,
} from '../../../../../local/emulators/acs/exchange/call-registry.ts';
import { AcsFaultEngine } from '../../../../../local/emulators/acs/faults/fault-plan.ts';
import { MediaTicker } from '../../../../../local/emulators/acs/media/media-ticker.ts';
import { noCallees } from '../../../../../local/emulators/acs/telephones/callees.ts';
import { ResourceIdentities } from '../../../../../local/emulators/acs/telephones/resource-identities.ts';
import { systemRandom } from '../../../../../local/emulators/common/random.ts';
import { newSigningKey } from '../../../../../local/emulators/common/signing-key.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { silentPhone } from '../acs-fixture.ts';
import { FakeMedia } from '../fake-media.ts';

const clock = new ManualClock();
const environment = {
  clock,
  behaviour: DEFAULT_BEHAVIOUR,
  openMediaStream: new FakeMedia().open,
  callees: noCallees,
  resource: new ResourceIdentities('00000000-0000-0000-0000-000000000000'),
  random: systemRandom,
  faults: new AcsFaultEngine(),
  record: () => {},
  openTranscriptionStream: () => ({ said: () => {}, stop: () => {} }),
  ticker: new MediaTicker(clock),
  loadPrompt: () => Promise.reject(new Error('nothing is played here')),
  tokens: new TokenIssuer({
    key: await newSigningKey(),
    issuer: 'https://issuer.example',
    audience: 'a',
    baseUrl: 'http://127.0.0.1',
    clock,
  }),
};

function register(registry: CallRegistry, recordedBytes = 10): Call | undefined {
  const phone = { ...silentPhone('4:+1999'), recordedBytes };
  const identifier = { rawId: '4:+1999' };
  const call = new Call(
    newCallIds(systemRandom, clock.now()),
    { from: identifier, to: identifier, phone },
    environment,
    () => {},
  );
  return registry.add(call, phone) ? call : undefined;
}

function audioOf(registry: CallRegistry, call: Call): string {
  const audio = registry.find(call.ids.id)?.audio;
  return typeof audio === 'object' ? 'kept' : (audio ?? 'forgotten');
}

describe('the register of calls', () => {
  it('finds a call by each of its names, by the connection only once it was answered', () => {
    const registry = new CallRegistry();
    const call = register(registry);
    if (call === undefined) throw new Error('the call was not taken');
    expect(registry.find(call.ids.id)?.call).toBe(call);
    expect(registry.findByContext(call.ids.incomingCallContext)).toBe(call);
    expect(registry.findConnected(call.ids.callConnectionId)).toBeUndefined();
    call.accept({ callbackUri: 'http://127.0.0.1:9/', apiVersion: 'v' });
    expect(registry.findConnected(call.ids.callConnectionId)).toBe(call);
    call.close();
  });

  it('takes no more than 200 calls at a time', () => {
    const registry = new CallRegistry();
    const calls = Array.from({ length: 201 }, () => register(registry));
    expect(calls.filter((call) => call === undefined)).toHaveLength(1);
    expect(calls[200]).toBeUndefined();
    calls[0]?.hangUpByCaller();
    expect(register(registry), 'there is room again after one has ended').toBeDefined();
  });

  it('remembers 200 ended calls, and of the newest as much audio as there is room for', () => {
    const registry = new CallRegistry();
    const calls = Array.from({ length: 230 }, () => {
      const call = register(registry, MAX_AUDIO_OF_ENDED_CALLS_BYTES / 16);
      if (call === undefined) throw new Error('the call was not taken');
      call.hangUpByCaller();
      return call;
    });
    register(registry);
    const audio = calls.map((call) => audioOf(registry, call));
    expect(audio.filter((kept) => kept === 'forgotten')).toHaveLength(31);
    expect(audio.slice(0, 31).every((kept) => kept === 'forgotten')).toBe(true);
    expect(audio.slice(31, 214).every((kept) => kept === 'dropped')).toBe(true);
    expect(audio.slice(214).every((kept) => kept === 'kept')).toBe(true);
    const [oldest] = calls;
    expect(registry.findByContext(oldest?.ids.incomingCallContext ?? '')).toBeUndefined();
    expect(registry.all()).toHaveLength(200);
  });

  it('keeps the audio of the last call, whatever room it takes', () => {
    const registry = new CallRegistry();
    const [first, last] = [1, 2].map(() => {
      const call = register(registry, 2 * MAX_AUDIO_OF_ENDED_CALLS_BYTES);
      if (call === undefined) throw new Error('the call was not taken');
      call.hangUpByCaller();
      return call;
    });
    register(registry);
    if (first === undefined || last === undefined) throw new Error('two calls were made');
    expect([audioOf(registry, first), audioOf(registry, last)]).toEqual(['dropped', 'kept']);
  });
});
