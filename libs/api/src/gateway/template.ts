import { isHost } from './domain.ts';

/**
 * `hostTemplate` and `pathTemplate` of a Gateway: text with `{{.Name}}`, `{{.Namespace}}` and `{{.Domain}}`, and of Go's template
 * language no more than spaces, trim markers (`{{- .Name -}}`) and comments (gateway.md §15.6).
 */

/** Values of the variables: name and namespace of a function, and the Gateway's domain (in host templates only). */
export interface TemplateValues {
  Name: string;
  Namespace: string;
  Domain?: string;
}

export type Variable = keyof TemplateValues;

/** The variables of each template, in the order in which messages list them. */
export const HOST_VARIABLES: readonly Variable[] = ['Name', 'Namespace', 'Domain'];
export const PATH_VARIABLES: readonly Variable[] = ['Name', 'Namespace'];

export const HOST_TEMPLATE = '{{.Name}}.{{.Namespace}}.{{.Domain}}';
export const PATH_TEMPLATE = '{{.Namespace}}/{{.Name}}';

/** No real template is longer; reading it would only cost time. */
export const LONGEST_TEMPLATE = 1024;

/** One piece of a template: text as it is, or the name of a variable, as written and known or not. */
export type Piece = { text: string } | { variable: string };

/** A template that can be read, or what in it cannot be. */
export type Parsed = { pieces: readonly Piece[] } | { wrong: string };

const OPEN = '{{';
const CLOSE = '}}';
const SHOWN_LENGTH = 40;

/** Trim markers of Go's templates: a minus next to the braces, with a space on its other side. */
const SPACE = '[ \\t\\r\\n]';
const BEFORE = `\\{\\{(-${SPACE})?${SPACE}*`;
const AFTER = `${SPACE}*?(${SPACE}-)?\\}\\}`;
const COMMENT = '/\\*([^*]|\\*+[^*/])*\\*+/';
const ACTION = new RegExp(`${BEFORE}(?:\\.([A-Za-z_]\\w*)|${COMMENT.replace('(', '(?:')})${AFTER}`, 'y');

/** What a template may look like when each variable looks like this, for the CRD's schema and CEL (RE2). */
export function templatePattern(variable: string): string {
  return `^([^{]|\\{[^{]|${BEFORE}(\\.${variable}|${COMMENT})${AFTER})*\\{?$`;
}

/** Reads a template. Total: whatever is written is either understood or named. */
export function parseTemplate(template: string): Parsed {
  if (template.length > LONGEST_TEMPLATE) return { wrong: `must be at most ${LONGEST_TEMPLATE} characters long` };
  const pieces: Piece[] = [];
  let at = 0;
  let isTrimmed = false;
  for (let open = template.indexOf(OPEN); open !== -1; open = template.indexOf(OPEN, at)) {
    ACTION.lastIndex = open;
    const found = ACTION.exec(template);
    if (found === null) return { wrong: unsupportedAt(template, open) };
    const [action, trimsBefore, variable, trimsAfter] = found;
    pieces.push({ text: trim(template.slice(at, open), { start: isTrimmed, end: trimsBefore !== undefined }) });
    if (variable !== undefined) pieces.push({ variable });
    isTrimmed = trimsAfter !== undefined;
    at = open + action.length;
  }
  pieces.push({ text: trim(template.slice(at), { start: isTrimmed, end: false }) });
  return { pieces };
}

/** Names what stands at the braces that could not be read. */
function unsupportedAt(template: string, open: number): string {
  const close = template.indexOf(CLOSE, open);
  if (close === -1) return `has a \`${cut(template.slice(open))}\` that is not closed by \`}}\``;
  return `contains \`${cut(template.slice(open, close + CLOSE.length))}\`, which is not supported`;
}

function trim(text: string, { start, end }: { start: boolean; end: boolean }): string {
  const left = start ? text.trimStart() : text;
  return end ? left.trimEnd() : left;
}

function cut(text: string): string {
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH - 1).toWellFormed()}…`;
}

/** The variables a template uses, each once. */
export function variablesIn(pieces: readonly Piece[]): Set<string> {
  return new Set(pieces.flatMap((piece) => ('variable' in piece ? [piece.variable] : [])));
}

/** The template with values; undefined when it cannot be read, or uses a variable that has no value. */
export function renderTemplate(template: string, values: TemplateValues): string | undefined {
  const parsed = parseTemplate(template);
  if ('wrong' in parsed) return undefined;
  const known = new Map<string, string>(Object.entries(values));
  const texts = parsed.pieces.map((piece) => ('text' in piece ? piece.text : known.get(piece.variable)));
  return texts.includes(undefined) ? undefined : texts.join('');
}

/** What the host and the path of a function are made from. An empty template counts as absent. */
export interface RouteTemplates {
  domain: string;
  hostTemplate?: string | undefined;
  pathTemplate?: string | undefined;
}

/** Name and namespace of a function. */
export interface FunctionName {
  name: string;
  namespace: string;
}

/** Stands for any function: if its host or path is wrong, so is everyone's. */
export const SAMPLE_FUNCTION: FunctionName = { name: 'sample', namespace: 'default' };

/** The host of a function that sets no hostnames; undefined when the template cannot be rendered. */
export function renderHost(spec: RouteTemplates, { name, namespace }: FunctionName): string | undefined {
  return renderTemplate(spec.hostTemplate || HOST_TEMPLATE, { Name: name, Namespace: namespace, Domain: spec.domain });
}

/** The path, from the root, of a function that sets hostnames but no rules; undefined when the template cannot be rendered. */
export function renderPath({ pathTemplate }: RouteTemplates, { name, namespace }: FunctionName): string | undefined {
  const path = renderTemplate(pathTemplate || PATH_TEMPLATE, { Name: name, Namespace: namespace });
  return path === undefined || path.startsWith('/') ? path : `/${path}`;
}

/** What is wrong with the host of a function. */
export function wrongHost(host: string): string | undefined {
  return isHost(host) ? undefined : 'is not a DNS name';
}

const PATH_CHARACTERS = /^([-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$/;
const LONGEST_PATH = 1024;

/** What is wrong with the path of a function, as the Gateway API sees it (HTTPPathMatch of v1). */
export function wrongPath(path: string): string | undefined {
  if (path.length > LONGEST_PATH) return `is longer than ${LONGEST_PATH} characters`;
  if (!PATH_CHARACTERS.test(path)) return 'holds characters that no path may hold';
  if (/%2f/i.test(path)) return 'must not hold an encoded slash';
  return /\/\/|\/\.{1,2}(\/|$)/.test(path) ? 'must not hold `//`, `/./` or `/../`' : undefined;
}
