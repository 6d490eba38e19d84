import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { CallReport } from '../../../../local/emulators/acs/control/call-report.ts';
import { CallDisplay } from '../../../../local/run/cli/call-display.ts';
import { CallNotices } from '../../../../local/run/cli/call-notices.ts';
import { NoticeReader, NoticeWriter } from '../../../../local/run/cli/notice-file.ts';
import type { Notice } from '../../../../local/run/watch/notice.ts';

const MINE = { callConnectionId: 'mine' } as CallReport;
const FAILED: Notice = {
  kind: 'failed',
  text: 'Error: my own bug',
  worker: 'whisper',
  handler: 'onAudio',
  callId: 'abcdefghijkl',
  callConnectionId: 'mine',
  place: 'functions/workers/samples/whisper.ts:7:11',
};

function screen(): { notices: CallNotices; text: () => string } {
  let text = '';
  const display = new CallDisplay({
    write: (piece) => {
      text += piece;
    },
  });
  return { notices: new CallNotices(display), text: () => text };
}

it('says what a worker did where, once, and at the end how often', () => {
  const { notices, text } = screen();
  notices.look([MINE], [FAILED, FAILED, { ...FAILED, text: 'Error: another' }]);
  const first = 'call abcdefgh  whisper  onAudio failed at functions/workers/samples/whisper.ts:7:11: ';
  expect(text()).toBe(`${first}Error: my own bug\n${first}Error: another\n`);
  expect(notices.failures).toBe(3);
  notices.end();
  expect(text()).toContain(`\n2 times: ${first}Error: my own bug\n`);
  expect(text()).toContain('FAILED: a worker has failed during this call');
});

it('shows every line that a worker logs, which is no failure', () => {
  const { notices, text } = screen();
  const log: Notice = { ...FAILED, kind: 'log', text: 'one\ntwo' };
  notices.look([MINE], [log, log]);
  notices.end();
  const line = 'call abcdefgh  whisper  one\n                        two\n';
  expect(text()).toBe(line + line);
  expect(notices.failures).toBe(0);
});

it('leaves out what is of calls of others, and keeps what may be of its own until that shows', () => {
  const { notices, text } = screen();
  notices.look([], [FAILED, { ...FAILED, callConnectionId: 'of another', text: 'Error: not mine' }]);
  expect(text()).toBe('');
  notices.look([MINE], []);
  expect(text()).toContain('my own bug');
  expect(text()).not.toContain('not mine');
  expect(notices.failures).toBe(1);
});

it('fails for what ends the process of the workers, outside of any call', () => {
  const { notices, text } = screen();
  notices.look([MINE], [{ kind: 'uncaught', text: 'nobody caught: Error: late', place: 'a.ts:1:2' }]);
  expect(text()).toBe('workers  outside of a handler at a.ts:1:2: nobody caught: Error: late\n');
  expect(notices.failures).toBe(1);
});

it('shows what befalls the process of the workers, though the call of another is at fault', () => {
  const { notices, text } = screen();
  const blocked: Notice = { ...FAILED, kind: 'blocked', text: 'has blocked', callConnectionId: 'of another' };
  notices.look([MINE], [blocked, { ...blocked, kind: 'waiting', text: 'waits' }]);
  expect(text()).toContain('call abcdefgh  whisper  onAudio at functions/');
  expect(text()).not.toContain('waits');
  expect(notices.failures).toBe(1);
});

it.each([
  { after: [], told: ['blocked'] },
  { after: ['log', 'hung'], told: ['blocked'] },
  { after: ['unblocked'], told: [] },
  { after: ['hung', 'restarted'], told: [] },
] as const)('begins with a process that stands still: told $told after $after', async ({ after, told }) => {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-notices-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const writer = new NoticeWriter(join(folder, 'workers.jsonl'));
  for (const kind of ['blocked', ...after] as const) writer.write({ ...FAILED, kind });
  const reader = new NoticeReader(join(folder, 'workers.jsonl'));
  expect(reader.next().map(({ kind }) => kind)).toEqual(told);
  expect(reader.next()).toEqual([]);
});

it('hands notices from npm start to npm run call through a file, from the moment on when it looks', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-notices-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'deeper', 'workers.jsonl');
  const early = new NoticeReader(file);
  expect(early.next()).toEqual([]);
  const writer = new NoticeWriter(file);
  writer.write({ ...FAILED, text: 'before' });
  const reader = new NoticeReader(file);
  writer.write({ ...FAILED, text: 'naïve ☎' });
  writer.write(FAILED);
  expect(reader.next()).toEqual([{ ...FAILED, text: 'naïve ☎' }, FAILED]);
  expect(reader.next()).toEqual([]);
});
