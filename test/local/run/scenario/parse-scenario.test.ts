import { describe, expect, it } from 'vitest';
import { IDENTIFIER_RULE } from '../../../../local/emulators/acs/telephones/identifiers.ts';
import { parseScenario, ScenarioError } from '../../../../local/run/scenario/parse-scenario.ts';
import { RAW_IDS } from '../../../support/raw-ids.ts';

function problemsOf(yaml: string): string[] {
  try {
    parseScenario(yaml, 'file.yaml');
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return error.problems.map(({ line, member, message }) => `${line} ${member}: ${message}`);
  }
  return [];
}

const CALLER = `name: one
participants:
  alice:
    number: "+14255550191"
    calls: { worker: echo }
`;

describe('a scenario file', () => {
  it('is read with its defaults', () => {
    const { scenario } = parseScenario(
      `${CALLER}    steps:\n      - say: hello\n      - hangUp\n`,
      'file.yaml',
    );
    expect(scenario).toEqual({
      name: 'one',
      participants: {
        alice: {
          number: '+14255550191',
          calls: { worker: 'echo', format: '16k' },
          afterMs: 0,
          maxMs: 60_000,
          deliveries: 1,
          steps: [{ say: 'hello' }, { hangUp: null }],
          expect: {},
        },
      },
    });
  });

  it('is told all its problems at once, each with its line and its member', () => {
    const yaml = `nam: one
participants:
  alice:
    number: 14255550191
    calls: { worker: echo }
    steps:
      - wait: soon
      - say: hello
        press: "1"
      - jump: 3
      - expect: { hear: { tone: 5 }, within: 100 }
    expect:
      outcome: fine
`;
    expect(problemsOf(yaml)).toEqual([
      '1 name: Invalid input: expected string, received undefined',
      '1 nam: is unknown (did you mean "name"?)',
      '4 participants.alice.number: must be in quotes: "+14255550191" (without them it is a number)',
      '7 participants.alice.steps[0].wait: must be milliseconds, or {until: {heard: speech, silence or milliseconds}}',
      '8 participants.alice.steps[1]: must do one thing: say, startSaying, wait, press, interrupt, expect, hangUp',
      '10 participants.alice.steps[2].jump: is unknown',
      '10 participants.alice.steps[2]: must do one thing: say, startSaying, wait, press, interrupt, expect, hangUp',
      '11 participants.alice.steps[3].expect.hear.tone: Too small: expected number to be >=50',
      '13 participants.alice.expect.outcome: Invalid option: expected one of "hungUpByCaller"|"hungUpByApplication"|"rejected"|"notAnswered"|"abandonedByCaller"|"redirected"|"transferred"|"moved"',
    ]);
  });

  it.each(RAW_IDS)('has callers and callees of every form, such as %s', (rawId) => {
    const yaml = `name: one\nparticipants:\n  alice:\n    number: "${rawId}"\n    calls: "${rawId}"\n`;
    const { participants } = parseScenario(yaml, 'a/b.yaml').scenario;
    expect(participants).toMatchObject({ alice: { number: rawId, calls: rawId } });
  });

  it('names the value of a party that is none', () => {
    const yaml = 'name: one\nparticipants:\n  alice:\n    number: "8:nobody"\n    calls: anonymous\n';
    expect(problemsOf(yaml)).toEqual([
      `4 participants.alice.number: must be ${IDENTIFIER_RULE}; it is "8:nobody"`,
      `5 participants.alice.calls: must be ${IDENTIFIER_RULE}; it is "anonymous"`,
    ]);
  });

  it('must say of each participant whether it calls, joins or takes calls', () => {
    const yaml = `name: one\nparticipants:\n  alice:\n    number: "+14255550191"\n`;
    expect(problemsOf(yaml)).toEqual(['3 participants.alice: must have one of calls, joins and takes']);
  });

  it('cannot join somebody who does not call, nor expect events of somebody who takes a call', () => {
    const yaml = `${CALLER}  bob:
    number: "+14255550192"
    joins: carol
  carol:
    number: "+14255550193"
    takes: busy
    greeting: hello
    expect:
      outcome: rejected
      rings: 1
`;
    expect(problemsOf(yaml)).toEqual([
      '8 participants.bob.joins: must be a participant who calls, not "carol"',
      '12 participants.carol.greeting: belongs to a voicemail (takes: voicemail)',
      '13 participants.carol.expect: belongs to a participant who calls',
    ]);
  });

  it('cannot expect the telephone of a caller to ring', () => {
    expect(problemsOf(`${CALLER}    expect: { rings: 1 }\n`)).toEqual([
      '6 participants.alice.expect.rings: belongs to a participant who takes calls',
    ]);
  });

  it('asks the HTTP API about a call of its own', () => {
    const yaml = `${CALLER}    requests: [{ post: hang-up }, { post: play, body: { loop: true } }]\n`;
    expect(parseScenario(yaml, 'a.yaml').scenario.participants['alice']?.requests).toEqual([
      { post: 'hang-up' },
      { post: 'play', body: { loop: true } },
    ]);
    for (const path of ['/hang-up', '../x', 'play/', 'play?a=b', 'http://a/b'])
      expect(problemsOf(`${CALLER}    requests: [{ post: "${path}" }]\n`), path).toEqual([
        '6 participants.alice.requests[0].post: must be a path below that of the call, such as hang-up',
      ]);
    const answering = CALLER.replace('calls: { worker: echo }', 'takes: answers');
    expect(problemsOf(`${answering}    requests: []\n`)).toEqual([
      '6 participants.alice.requests: belong to a participant who calls',
    ]);
  });

  it('is told what is wrong with its faults, where they are written', () => {
    const problems = problemsOf(
      `${CALLER}faults:\n  rules:\n    - { on: rest, fault: error, status: 200 }\n`,
    );
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^6 faults: rules\[0\], member status: /);
  });

  it('that is no YAML is told where', () => {
    const [problem, ...others] = problemsOf('name: one\nparticipants: [\n');
    expect(others).toEqual([]);
    expect(problem).toMatch(/^3 : /);
  });

  it('names the file and the line in its message, as editors understand it', () => {
    expect(() => parseScenario('name: 5\nparticipants: {}\n', 'a/b.yaml')).toThrow(
      'a/b.yaml is no scenario:\n  a/b.yaml:1: name: Invalid input: expected string, received number\n  a/b.yaml:2: participants: must be 1 to 50 participants',
    );
  });

  it('is told of events that the telephone network does not send, and of routes that are not valid', () => {
    const yaml = `${CALLER}    expect:
      events: [CallConected]
      never: [MediaStreamingFailed]
      times: { PlayStartet: 1 }
routes:
  - { name: desk, transcription: { url: here, locale: en-US } }
  - { name: other, workers: [{ name: echo, bargeIn: { policy: stopp } }] }
`;
    expect(problemsOf(yaml)).toEqual([
      '7 participants.alice.expect.events[0]: "CallConected" is no event of the telephone network (did you mean "CallConnected"?)',
      '9 participants.alice.expect.times.PlayStartet: "PlayStartet" is no event of the telephone network (did you mean "PlayStarted"?)',
    ]);
    const right = yaml.replace('CallConected', 'CallConnected').replace('PlayStartet', 'PlayStarted');
    expect(problemsOf(right)).toEqual([expect.stringMatching(/^12 routes\[1\]: workers\[0\]\.bargeIn/)]);
  });

  it('is told of tabs, and not of what they make of the rest', () => {
    expect(problemsOf(`${CALLER}\tsteps: []\n`)).toHaveLength(1);
  });
});
