import {
  type Complaint,
  CREATE_AND_UPDATE,
  invalid,
  isBlank,
  type Rule,
  required,
  unsupported,
  valueAt,
} from '../rules.ts';
import { served } from './examples.ts';
import { isOther, saysWords } from './field-rules.ts';

/** `spec.serving.tracing`. What is switched off is not judged. */

const TRACING = 'spec.serving.tracing';
const PROVIDERS = ['skywalking', 'opentelemetry'];
const EXPORTERS = ['otlp', 'jaeger', 'zipkin'];
const PROTOCOLS = ['grpc', 'http/protobuf'];
const MILLISECONDS = 'must be a whole number of milliseconds, such as "10000"';
const GLOBAL = 'is missing here; the tracing of the cluster has to give it';

const OTEL = { name: 'opentelemetry', exporter: { name: 'otlp', endpoint: 'http://collector:4317' } };

/** A Function that is traced through this provider, beside what a valid one has. */
function traced(provider: object): unknown {
  return served({ serving: { tracing: { enabled: true, provider: { ...OTEL, ...provider } } } });
}

function exporter(more: object): unknown {
  return traced({ exporter: { ...OTEL.exporter, ...more } });
}

/** A rule on a field of the provider. */
function providerRule(
  row: Pick<Rule, 'id' | 'level' | 'says' | 'accepts' | 'refuses'> & { field: string; cel?: string; message?: string },
  broken: (value: unknown, fn: unknown) => Complaint | undefined,
): Rule {
  const { id, field, cel, message = '', ...rest } = row;
  const path = `${TRACING}.provider.${field}`;
  return {
    ...rest,
    ...(cel !== undefined && {
      twin: { at: TRACING, cel: `!self.enabled || ${cel}`, message: `\`provider.${field}\` ${message}` },
    }),
    id: `serving.tracing.provider.${field}.${id}`,
    number: 'N13',
    path,
    within: TRACING,
    about: [`${TRACING}.enabled`],
    on: CREATE_AND_UPDATE,
    broken: (fn) => (valueAt(fn, `${TRACING}.enabled`) === true ? broken(valueAt(fn, path), fn) : undefined),
  };
}

/** A text field of the exporter, in CEL: absent, empty or what the condition says. */
function ofExporter(field: string, condition: string): string {
  const name = `self.provider.exporter.${field}`;
  return `!has(self.provider.exporter) || !has(${name}) || ${name} == '' || ${name}${condition}`;
}

function wordsIn(words: readonly string[]): string {
  return ` in [${words.map((word) => `'${word}'`).join(', ')}]`;
}

function exporterWord(field: string, words: readonly string[]): Rule {
  const row = {
    id: 'known',
    field: `exporter.${field}`,
    level: 'deny' as const,
    says: `${saysWords(words)}, when enabled`,
  };
  const twin = { cel: ofExporter(field, wordsIn(words)), message: `must be one of ${words.join(', ')}` };
  const examples = { accepts: exporter({ [field]: words[0] }), refuses: exporter({ [field]: 'test' }) };
  return providerRule({ ...row, ...twin, ...examples }, (value) =>
    isOther(value, words) ? unsupported(value, words) : undefined,
  );
}

function nameOf(fn: unknown): unknown {
  return valueAt(fn, `${TRACING}.provider.name`);
}

export const TRACING_RULES: readonly Rule[] = [
  providerRule(
    {
      id: 'known',
      field: 'name',
      level: 'deny',
      says: `${saysWords(PROVIDERS)}, when enabled`,
      cel: `self.provider.name${wordsIn(PROVIDERS)}`,
      message: `must be one of ${PROVIDERS.join(', ')}`,
      accepts: traced({}),
      refuses: traced({ name: 'test' }),
    },
    (name) => (typeof name === 'string' && !PROVIDERS.includes(name) ? unsupported(name, PROVIDERS) : undefined),
  ),
  providerRule(
    {
      id: 'given',
      field: 'oapServer',
      level: 'warn',
      says: 'absent or blank, when the provider is `skywalking`',
      accepts: traced({ name: 'skywalking', oapServer: 'oap:11800' }),
      refuses: traced({ name: 'skywalking' }),
    },
    (server, fn) => (nameOf(fn) === 'skywalking' && isBlank(server) ? required(GLOBAL) : undefined),
  ),
  providerRule(
    {
      id: 'given',
      field: 'exporter',
      level: 'warn',
      says: 'absent, when the provider is `opentelemetry`',
      accepts: traced({}),
      refuses: traced({ exporter: null }),
    },
    (value, fn) => (nameOf(fn) === 'opentelemetry' && isBlank(value) ? required(GLOBAL) : undefined),
  ),
  exporterWord('name', EXPORTERS),
  exporterWord('protocol', PROTOCOLS),
  providerRule(
    {
      id: 'milliseconds',
      field: 'exporter.timeout',
      level: 'deny',
      says: 'no whole number of milliseconds, when enabled',
      cel: ofExporter('timeout', ".matches('^[0-9]+$')"),
      message: MILLISECONDS,
      accepts: exporter({ timeout: '10000' }),
      refuses: exporter({ timeout: '10s' }),
    },
    (timeout) =>
      typeof timeout === 'string' && timeout !== '' && !/^[0-9]+$/.test(timeout)
        ? invalid(timeout, MILLISECONDS)
        : undefined,
  ),
];
