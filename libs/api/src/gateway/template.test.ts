import { describe, expect, it } from 'vitest';
import { cpuMs } from '../testdata/cpu-ms.ts';
import {
  LONGEST_TEMPLATE,
  parseTemplate,
  renderHost,
  renderPath,
  renderTemplate,
  templatePattern,
  variablesIn,
  wrongHost,
  wrongPath,
} from './template.ts';

const VALUES = { Name: 'fn', Namespace: 'ns', Domain: 'ofn.io' };

describe('a template', () => {
  it.each([
    ['{{.Name}}.{{.Namespace}}.{{.Domain}}', 'fn.ns.ofn.io'],
    ['{{ .Name }}-{{- .Namespace -}}', 'fn-ns'],
    ['a  {{- .Name -}}  b {{ .Domain }}', 'afnb ofn.io'],
    ['{{.Name}} {{- /* cut here */ -}} .x', 'fn.x'],
    ['{{/* a }} comment */}}constant', 'constant'],
    ['{x}{{.Name}}}', '{x}fn}'],
    ['', ''],
    ['{{Name}}', undefined],
    ['{{.Other}}', undefined],
    ['{{.constructor}}', undefined],
    ['{{if .Name}}x{{end}}', undefined],
    ['{{.Name | printf "%s-a"}}', undefined],
    ['{{-.Name}}', undefined],
    ['{{{.Name}}}', undefined],
    ['{{.Name', undefined],
    ['{{/* open }}', undefined],
  ])('%j renders to %j', (template, expected) => {
    expect(renderTemplate(template, VALUES)).toBe(expected);
  });

  it.each([
    ['{{if .Name}}x{{end}}', 'contains `{{if .Name}}`, which is not supported'],
    ['a.{{Name}}', 'contains `{{Name}}`, which is not supported'],
    ['{{.Name}}.{{.Name', 'has a `{{.Name` that is not closed by `}}`'],
    ['x'.repeat(LONGEST_TEMPLATE + 1), 'must be at most 1024 characters long'],
  ])('%.30s says what cannot be read', (template, wrong) => {
    expect(parseTemplate(template)).toEqual({ wrong });
  });

  it('has no value for a variable that is not given', () => {
    expect(renderTemplate('{{.Domain}}', { Name: 'fn', Namespace: 'ns' })).toBeUndefined();
  });

  it('names the variables it uses once', () => {
    const parsed = parseTemplate('{{.Name}}{{.Foo}}{{.Name}}');
    expect('pieces' in parsed && [...variablesIn(parsed.pieces)]).toEqual(['Name', 'Foo']);
  });
});

describe('the pattern of the schema', () => {
  const pattern = new RegExp(templatePattern('[A-Za-z_]\\w*'));
  it.each([
    ['{{.Name}}.{{- .Foo -}} b', true],
    ['{a}{{.Name}}{', true],
    ['{{/* anything {{ */}}{{/***/}}', true],
    ['{{/* anything {{ ', false],
    ['{{/* a */ b */}}', false],
    ['{{Name}}', false],
    ['{{.Name', false],
    ['{{{.Name}}', false],
    ['{{-.Name}}', false],
  ])('takes %j: %j', (template, expected) => {
    expect(pattern.test(template)).toBe(expected);
  });

  it('costs little, also for the longest template', () => {
    const pieces = ['{', '{{', '{{ ', '{{- ', '{{.a', ' ', '{{/*', '{{/**', '{{/***/}}'];
    const texts = pieces.map((piece) => piece.repeat(LONGEST_TEMPLATE / piece.length));
    expect(cpuMs(() => void texts.map((text) => pattern.test(text)))).toBeLessThan(200);
  });
});

describe('the route of a function', () => {
  const fn = { name: 'fn', namespace: 'ns' };

  it('is made from the templates of the Gateway, or from the default ones where they are absent or empty', () => {
    expect(renderHost({ domain: 'ofn.io' }, fn)).toBe('fn.ns.ofn.io');
    expect(renderHost({ domain: 'ofn.io', hostTemplate: '' }, fn)).toBe('fn.ns.ofn.io');
    expect(renderHost({ domain: 'ofn.io', hostTemplate: '{{.Name}}.{{.Domain}}' }, fn)).toBe('fn.ofn.io');
    expect(renderPath({ domain: 'ofn.io' }, fn)).toBe('/ns/fn');
    expect(renderPath({ domain: 'ofn.io', pathTemplate: '/f/{{.Name}}' }, fn)).toBe('/f/fn');
  });

  it('is not made from a template that cannot be rendered', () => {
    expect(renderHost({ domain: 'ofn.io', hostTemplate: '{{.Name' }, fn)).toBeUndefined();
    expect(renderPath({ domain: 'ofn.io', pathTemplate: '{{.Domain}}' }, fn)).toBeUndefined();
  });

  it.each([
    ['fn.ns.ofn.io', true],
    ['Foo_Bar', false],
    ['*.ofn.io', false],
    ['a..b', false],
    ['', false],
    [`${'a'.repeat(64)}.io`, false],
    [`${'a.'.repeat(127)}a`, false],
  ])('host %.20s is right: %j', (host, isRight) => {
    expect(wrongHost(host) === undefined).toBe(isRight);
  });

  it.each([
    ['/ns/fn', true],
    ['/', true],
    ['/a%20b/~x', true],
    ['/a b', false],
    ['/a//b', false],
    ['/a/../b', false],
    ['/a/.', false],
    ['/a%2Fb', false],
    ['/a?b', false],
    ['/a#b', false],
    [`/${'a'.repeat(1024)}`, false],
  ])('path %.20s is right: %j', (path, isRight) => {
    expect(wrongPath(path) === undefined).toBe(isRight);
  });
});
