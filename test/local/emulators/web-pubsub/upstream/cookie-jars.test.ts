import { describe, expect, it } from 'vitest';
import { CookieJar, CookieJars } from '../../../../../local/emulators/web-pubsub/upstream/cookie-jars.ts';

const COOKIE_JARS_MAX = 10_000;
const COOKIES_PER_JAR_MAX = 50;

const URL_A = new URL('https://app.example.com/api/hub');

function jarWith(...headers: string[]): CookieJar {
  const jar = new CookieJar();
  jar.receive(headers, URL_A, 0);
  return jar;
}

describe('cookies of event handlers', () => {
  it('go back to the host and folder that set them', () => {
    const jar = jarWith('affinity=7; HttpOnly', 'all=1; Path=/', 'deep=2; Path=/api/hub');
    expect(jar.header(URL_A, 1)).toBe('deep=2; affinity=7; all=1');
    expect(jar.header(new URL('https://app.example.com/other'), 1)).toBe('all=1');
    expect(jar.header(new URL('https://app.example.com/apixx'), 1), 'a folder is no prefix').toBe('all=1');
    expect(jar.header(new URL('https://b.example.com/api/hub'), 1)).toBeUndefined();
  });

  it('go to the hosts of the domain they name, if the handler is in it', () => {
    const jar = jarWith('wide=1; Domain=.example.com; Path=/', 'foreign=1; Domain=other.com; Path=/');
    expect(jar.header(new URL('https://b.example.com/'), 1)).toBe('wide=1');
    expect(jar.header(new URL('https://other.com/'), 1)).toBeUndefined();
  });

  it('that are secure go over https alone', () => {
    const jar = jarWith('s=1; Secure; Path=/');
    expect(jar.header(new URL('http://app.example.com/'), 1)).toBeUndefined();
    expect(jar.header(URL_A, 1)).toBe('s=1');
  });

  it('end at their time, and at once when the handler says so', () => {
    const jar = jarWith('short=1; Max-Age=10', `dated=1; Expires=${new Date(20_000).toUTCString()}`);
    expect(jar.header(URL_A, 9_999)).toBe('short=1; dated=1');
    expect(jar.header(URL_A, 10_000)).toBe('dated=1');
    expect(jar.header(URL_A, 20_000)).toBeUndefined();
    jar.receive(['short=gone; Max-Age=0'], URL_A, 1);
    expect(jar.header(URL_A, 2)).toBe('dated=1');
  });

  it('are replaced by name, and are bounded in number and in length', () => {
    const jar = jarWith('a=1', 'a=2', 'nonsense', '=x', `long=${'x'.repeat(5_000)}`);
    expect(jar.header(URL_A, 1)).toBe('a=2');
    jar.receive(
      Array.from({ length: COOKIES_PER_JAR_MAX }, (_, i) => `n${i}=1`),
      URL_A,
      1,
    );
    const sent = jar.header(URL_A, 2)?.split('; ') ?? [];
    expect(sent).toHaveLength(COOKIES_PER_JAR_MAX);
    expect(sent, 'the oldest is forgotten first').not.toContain('a=2');
  });

  it('belong to one connection, and are forgotten with it', () => {
    const jars = new CookieJars();
    jars.receive('one', ['a=1'], URL_A, 0);
    expect(jars.header('one', URL_A, 1)).toBe('a=1');
    expect(jars.header('two', URL_A, 1)).toBeUndefined();
    jars.forget('one');
    expect(jars.header('one', URL_A, 1)).toBeUndefined();
  });

  it('of the connection that was used longest ago are forgotten when there are too many', () => {
    const jars = new CookieJars();
    jars.receive('old', ['a=1'], URL_A, 0);
    jars.receive('used', ['a=1'], URL_A, 0);
    for (let i = 0; i < COOKIE_JARS_MAX - 2; i += 1) jars.receive(`c${i}`, ['a=1'], URL_A, 0);
    jars.header('old', URL_A, 1);
    jars.receive('one more', ['a=1'], URL_A, 0);
    expect(jars.header('used', URL_A, 1)).toBeUndefined();
    expect(jars.header('old', URL_A, 1)).toBe('a=1');
  });
});
