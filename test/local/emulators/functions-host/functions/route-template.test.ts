import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  pathSegments,
  RouteTemplate,
} from '../../../../../local/emulators/functions-host/functions/route-template.ts';

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
    ['a/{x}/{y}', '/a/1/2', { x: '1', y: '2' }],
    ['a/{x}/b', '/a/1/b', { x: '1' }],
    ['a/{*rest}', '/a', {}],
    ['a/{*rest}', '/a/b/c', { rest: 'b/c' }],
    ['a/{**rest}', '/a/b/c', { rest: 'b/c' }],
    ['(a)', '/(a)', {}],
    ['{x}', '/a%20b', { x: 'a b' }],
    ['{x}', '/a%2Fb', { x: 'a%2Fb' }],
    ['{x}', '/100%', { x: '100%' }],
  ])('"%s" and %s', (template, path, expected) => {
    expect(match(template, path)).toEqual(expected);
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
    const template = new RouteTemplate('a/{x}/{y}/{*z}');
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
    ['{x}/{X}', '"X" appears twice'],
    ['{*x}/a', 'it must be last'],
    ['a/{x', '"{x" is not supported'],
    ['a/x}', '"x}" is not supported'],
    ['{}', '"{}" is not supported'],
    ['{x}{y}', '"{x}{y}" is not supported'],
    ['a/b{x}', '"b{x}" is not supported by the local host, which knows {name} and, at the end, {*name}'],
    ['a/{x?}', 'no constraint, default or optional parameter'],
    ['{x=1}', '"{x=1}" is not supported'],
    ['{x:int}', 'the route "{x:int}": "{x:int}" is not supported'],
    ['{*x:minlength(3)}', '"{*x:minlength(3)}" is not supported'],
    ['{x:regex(^a/b$)}', '"{x:regex(^a" is not supported'],
  ])('"%s" is refused', (template, sentence) => {
    expect(() => new RouteTemplate(template)).toThrow(sentence);
  });
});
