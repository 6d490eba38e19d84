import { parseCallAutomationEvent } from '@azure/communication-call-automation';
import { expect } from 'vitest';
import { conformance } from '../../../../local/emulators/acs/rest/conformance.ts';
import type { AcsFixture, WireEvent } from './acs-fixture.ts';

/** Members that the service sends beside those that the API defines, as captured. */
const ENVELOPE = ['eventSource', 'version', 'publicEventType'];

/** Neither the definition nor the SDK knows them, since no released version of the API does. */
const OF_PREVIEWS = ['HoldAudioStarted', 'HoldAudioPaused', 'HoldAudioResumed', 'HoldAudioCompleted'];

/** Every callback so far follows the API's definition to the letter, and the SDK's parser takes it. */
export function conformingEvents(f: Pick<AcsFixture, 'callbacks'>, path?: string): void {
  const events = f.callbacks(path);
  expect(events.length, 'some events came').toBeGreaterThan(0);
  for (const event of events) conformingEvent(event);
}

/** As `conformingEvents`, for one. */
export function conformingEvent(event: WireEvent): void {
  const type = event.type.replace('Microsoft.Communication.', '');
  if (OF_PREVIEWS.includes(type)) return;
  const { violation, unknown } = conformance(type, event.data, 'exact');
  expect(violation, type).toBeUndefined();
  expect(
    unknown.filter((name) => !ENVELOPE.includes(name)),
    type,
  ).toEqual([]);
  expect(parseCallAutomationEvent(JSON.stringify([event])).kind).toBe(type);
}
