import { describe, expect, it } from 'vitest';
import { relaySettings } from '../../../bench/relay/relay-settings.ts';

describe('a relay that is measured', () => {
  it('starts with its settings, and takes more calls than a core can serve', () => {
    expect(relaySettings('http://127.0.0.1:1').maxCalls).toBeGreaterThanOrEqual(4_000);
  });
});
