import { describe, expect, it } from 'vitest';
import {
  parseBehaviourFlags,
  parseFaultFlag,
} from '../../../../../local/emulators/acs/command-line/flags.ts';

describe('--fault', () => {
  it('says what goes wrong where, with numbers, spans and words', () => {
    expect(parseFaultFlag('rest.error,status=429,retryAfterMs=1000,operation=answerCall')).toEqual({
      on: 'rest',
      fault: 'error',
      status: 429,
      retryAfterMs: 1_000,
      operation: 'answerCall',
      when: 'before',
      probability: 1,
      skip: 0,
    });
    expect(parseFaultFlag('media.jitter,delayMs=20..80,probability=0.25')).toMatchObject({
      delayMs: [20, 80],
      probability: 0.25,
    });
    expect(parseFaultFlag('token.expired')).toMatchObject({ on: 'token', fault: 'expired' });
  });

  it.each([
    ['rest', /begins with a target and a fault/],
    ['rest.error.now,status=500', /begins with a target and a fault/],
    ['rest.error,status', /name=value/],
    ['rest.error,status=abc', /--fault rest\.error, member status/],
    ['moon.lose', /--fault moon\.lose, member on/],
  ])('refuses %s', (flag, sentence) => {
    expect(() => parseFaultFlag(flag)).toThrow(sentence);
  });
});

describe('--behaviour', () => {
  it('takes each setting in its own type', () => {
    expect(
      parseBehaviourFlags([
        'reconnects=2',
        'stoppedEventOnHangUp=true',
        'callbackRetryDelaysMs=500,1500',
        'callingEvents=all',
      ]),
    ).toEqual({
      reconnects: 2,
      stoppedEventOnHangUp: true,
      callbackRetryDelaysMs: [500, 1_500],
      callingEvents: 'all',
    });
    expect(parseBehaviourFlags(['callbackRetryDelaysMs='])).toEqual({ callbackRetryDelaysMs: [] });
  });

  it.each([
    ['colour=red', /knows no "colour"; it takes ringMs/],
    ['ringMs=soon', /ringMs must be a whole number, not "soon"/],
    ['strictUrls=yes', /true or false/],
    ['callingEvents=some', /one of documented, all/],
    ['callbackRetryDelaysMs=1,x', /whole numbers/],
  ])('refuses %s', (flag, sentence) => {
    expect(() => parseBehaviourFlags([flag])).toThrow(sentence);
  });
});
