import { type Complaint, CREATE_AND_UPDATE, invalid, type Rule, valueAt } from '../rules.ts';
import { isDomain } from './domain.ts';
import { gateway } from './examples.ts';
import {
  HOST_VARIABLES,
  LONGEST_TEMPLATE,
  PATH_VARIABLES,
  type Piece,
  parseTemplate,
  renderHost,
  renderPath,
  SAMPLE_FUNCTION,
  templatePattern,
  type Variable,
  variablesIn,
  wrongHost,
  wrongPath,
} from './template.ts';

/** What differs between the host template and the path template. */
interface TemplateField {
  field: 'hostTemplate' | 'pathTemplate';
  /** Numbers of the three refusals: it cannot be read, it uses another variable, its result is wrong. */
  numbers: readonly [string, string, string];
  variables: readonly Variable[];
  /** What a function would get, and what is wrong with that. */
  tryOut: (template: string, domain: string) => { result: string; wrong: string | undefined };
  result: string;
  examples: { right: string; unknown: string; wrong: string };
}

/** Stands for a domain that is wrong itself: of that its own rule speaks. */
const SAMPLE_DOMAIN = 'example.com';

const FIELDS: readonly TemplateField[] = [
  {
    field: 'hostTemplate',
    numbers: ['G2', 'G3', 'Q38'],
    variables: HOST_VARIABLES,
    tryOut: (hostTemplate, domain) => {
      const result = renderHost({ domain, hostTemplate }, SAMPLE_FUNCTION) ?? '';
      return { result, wrong: wrongHost(result) };
    },
    result: 'host',
    examples: {
      right: '{{ .Name }}.x.{{- .Domain -}}',
      unknown: '{{.Cluster}}.{{.Domain}}',
      wrong: 'Foo_Bar.{{.Name}}',
    },
  },
  {
    field: 'pathTemplate',
    numbers: ['G4', 'G5', 'Q38'],
    variables: PATH_VARIABLES,
    tryOut: (pathTemplate, domain) => {
      const result = renderPath({ domain, pathTemplate }, SAMPLE_FUNCTION) ?? '';
      return { result, wrong: wrongPath(result) };
    },
    result: 'path',
    examples: { right: '/f/{{ .Name }}', unknown: '{{.Domain}}/{{.Name}}', wrong: '{{.Namespace}}//{{.Name}}' },
  },
];

/** A word that Go's templates take for a variable. */
const ANY_VARIABLE = '[A-Za-z_]\\w*';

/** ``only `{{.Name}}` and `{{.Namespace}}` may be used``, as it is to be written (Q34). */
function onlyThese(variables: readonly Variable[]): string {
  const written = variables.map((variable) => `\`{{.${variable}}}\``);
  return `only ${written.slice(0, -1).join(', ')} and ${written.at(-1)} may be used`;
}

/** The template, where one is written, with its pieces, where it can be read. An empty one counts as absent. */
function readTemplate(
  object: unknown,
  field: string,
): { template: string; pieces?: readonly Piece[]; wrong?: string } | undefined {
  const template = valueAt(object, ['spec', field]);
  return typeof template === 'string' ? { template, ...parseTemplate(template) } : undefined;
}

function refuses(complain: (object: unknown) => Complaint | undefined): Pick<Rule, 'on' | 'level' | 'broken'> {
  return { on: CREATE_AND_UPDATE, level: 'deny', broken: complain };
}

function unreadable({ field, numbers: [number], variables, examples }: TemplateField): Rule {
  return {
    id: `${field}.readable`,
    number,
    path: `spec.${field}`,
    says: `anything but text, variables and comments, and more than ${LONGEST_TEMPLATE} characters`,
    twin: { words: { maxLength: LONGEST_TEMPLATE, pattern: templatePattern(ANY_VARIABLE) } },
    ...refuses((object) => {
      const { template, wrong } = readTemplate(object, field) ?? {};
      return wrong === undefined ? undefined : invalid(template, `${wrong}; ${onlyThese(variables)}`);
    }),
    accepts: gateway({ [field]: examples.right }),
    refuses: gateway({ [field]: `{{if .Name}}a{{end}}${examples.right}` }),
  };
}

function unknownVariable({ field, numbers: [, number], variables, examples }: TemplateField): Rule {
  const known = templatePattern(`(${variables.join('|')})`);
  return {
    id: `${field}.variables`,
    number,
    path: `spec.${field}`,
    says: `a variable other than ${variables.join(', ')}`,
    twin: {
      at: `spec.${field}`,
      cel: `!self.matches(${JSON.stringify(templatePattern(ANY_VARIABLE))}) || self.matches(${JSON.stringify(known)})`,
      message: `${field}: ${onlyThese(variables)}`,
    },
    ...refuses((object) => {
      const { template, pieces = [] } = readTemplate(object, field) ?? {};
      const unknown = [...variablesIn(pieces)].find((name) => !variables.includes(name as Variable));
      if (unknown === undefined) return undefined;
      return invalid(template, `there is no \`{{.${unknown.slice(0, 40)}}}\` here; ${onlyThese(variables)}`);
    }),
    accepts: gateway({ [field]: examples.right }),
    refuses: gateway({ [field]: examples.unknown }),
  };
}

function wrongResult({ field, numbers: [, , number], variables, result: what, examples, tryOut }: TemplateField): Rule {
  return {
    id: `${field}.result`,
    number,
    path: `spec.${field}`,
    about: ['spec.domain'],
    says: `a ${what} that no function can have`,
    ...refuses((object) => {
      const { template, pieces } = readTemplate(object, field) ?? {};
      if (template === undefined || pieces === undefined) return undefined;
      if ([...variablesIn(pieces)].some((name) => !variables.includes(name as Variable))) return undefined;
      const domain = valueAt(object, 'spec.domain');
      const { result, wrong } = tryOut(template, isDomain(domain) ? domain : SAMPLE_DOMAIN);
      if (wrong === undefined) return undefined;
      const { name, namespace } = SAMPLE_FUNCTION;
      return invalid(
        template,
        `gives a function ${name} in namespace ${namespace} the ${what} ${JSON.stringify(result.slice(0, 100))}, which ${wrong}`,
      );
    }),
    accepts: gateway({ [field]: examples.right }),
    refuses: gateway({ [field]: examples.wrong }),
  };
}

/** `spec.hostTemplate` and `spec.pathTemplate`. */
export const TEMPLATE_RULES: readonly Rule[] = FIELDS.flatMap((field) => [
  unreadable(field),
  unknownVariable(field),
  wrongResult(field),
]);
