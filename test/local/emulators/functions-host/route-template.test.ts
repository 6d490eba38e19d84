import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  pathSegments,
  RouteTemplate,
} from '../../../../local/emulators/functions-host/functions/route-template.ts';

const match = (template: string, path: string) => new RouteTemplate(template).match(pathSegments(path));

describe('matching', () => {
  it.each([
    ['a/b', '/a/b', {}],
    ['a/b', '/A/B/', {}],
    ['a/b', '/a', undefined],
    ['a/b', '/a/b/c', undefined],
    ['', '/', {}],
    ['a/{x}', '/a/1', { x: '1' }],
    ['a/{x}', '/a', undefined],
    ['a/{x}', '/a//', undefined],
    ['a/{x?}', '/a', {}],
    ['a/{x}/{y?}', '/a/1/2', { x: '1', y: '2' }],
    ['a/{x=7}', '/a', { x: '7' }],
    ['a/{x:int=7}', '/a', { x: '7' }],
    ['a/{x:int=7}', '/a/8', { x: '8' }],
    ['a/{x:int=7}', '/a/b', undefined],
    ['a/{*rest}', '/a', {}],
    ['a/{*rest}', '/a/b/c', { rest: 'b/c' }],
    ['a/{**rest}', '/a/b/c', { rest: 'b/c' }],
    ['a/{*rest:minlength(3)}', '/a/b', undefined],
    ['{x}-{y}', '/a-b-c', { x: 'a-b', y: 'c' }],
    ['{x}.txt', '/a.TXT', { x: 'a' }],
    ['{x}.txt', '/atxt', undefined],
    ['(a)', '/(a)', {}],
    ['{x:regex(^\\d{{3}}$)}', '/123', { x: '123' }],
    ['{x:regex(^\\d{{3}}$)}', '/12', undefined],
    ['{x:length(2,3):alpha}', '/ab', { x: 'ab' }],
    ['{x:length(2,3):alpha}', '/abcd', undefined],
    ['{x}', '/a%20b', { x: 'a b' }],
    ['{x}', '/a%2Fb', { x: 'a%2Fb' }],
    ['{x}', '/100%', { x: '100%' }],
  ])('"%s" and %s', (template, path, expected) => {
    expect(match(template, path)).toEqual(expected);
  });

  it.each([
    ['int', '-12', '2147483648'],
    ['long', '9223372036854775807', '9223372036854775808'],
    ['double', '1.5e3', 'one'],
    ['bool', 'TRUE', 'yes'],
    ['guid', '0f8fad5b-d9cb-469f-a165-70867728950e', '0f8fad5b'],
    ['datetime', '2026-01-02', 'someday'],
    ['min(3)', '3', '2'],
    ['max(3)', '3', '4'],
    ['range(2,3)', '2', '1'],
    ['minlength(2)', 'ab', 'a'],
    ['maxlength(2)', 'ab', 'abc'],
    ['length(2)', 'ab', 'abc'],
    ['alpha', 'Ab', 'a1'],
  ])('the constraint %s takes %s and not %s', (constraint, good, bad) => {
    expect(match(`{x:${constraint}}`, `/${good}`)).toEqual({ x: good });
    expect(match(`{x:${constraint}}`, `/${bad}`)).toBeUndefined();
  });

  it('gives back any text that a client encodes into a path, except encoded slashes', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (text) => {
        fc.pre(!/[/\\]/.test(text) && text.isWellFormed());
        expect(match('a/{x}', `/a/${encodeURIComponent(text)}`)).toEqual({ x: text });
      }),
    );
  });

  it('never throws on a path', () => {
    const template = new RouteTemplate('a/{x:int}/{y?}/{*z}');
    fc.assert(
      fc.property(fc.string(), (path) => {
        template.match(pathSegments(`/${path}`));
      }),
    );
  });
});

describe('refusals', () => {
  it.each([
    ['/a', 'must not start with "/"'],
    ['~/a', 'must not start with'],
    ['a//b', 'two slashes follow each other'],
    ['a/{x', 'a "{" has no "}"'],
    ['a/x}', 'a "}" has no "{"'],
    ['{}', 'has no usable parameter name'],
    ['{x}/{X}', '"X" appears twice'],
    ['{*x}/a', 'it must be last'],
    ['{x?}/a', '"x" is optional, so nothing required may follow it'],
    ['{x}{y}', 'two parameters need text between them'],
    ['a{x?}', 'not supported: "x?" next to text in one segment'],
    ['{x=1?}', '"x" is optional and has a default'],
    ['{x:integer}', '"integer" is no route constraint'],
    ['{x:min(a)}', 'needs whole numbers'],
    ['{x:range(1)}', 'has 1 arguments'],
    ['{x:regex(()}', 'Invalid regular expression'],
  ])('"%s" is refused', (template, sentence) => {
    expect(() => new RouteTemplate(template)).toThrow(sentence);
  });
});
