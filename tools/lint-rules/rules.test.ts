import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findCycles, readImports, readTree } from './import-graph.ts';
import { brokenRules } from './rules.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const imports = readTree(ROOT, ['libs', 'services', 'tools']);

describe('the repository', () => {
  it('keeps to who may import whom', () => {
    expect(imports.length).toBeGreaterThan(500);
    expect(brokenRules(imports)).toEqual([]);
  });

  it('has no cycles', () => {
    expect(findCycles(imports).map((cycle) => cycle.join(' -> '))).toEqual([]);
  });

  it('reads the environment only where configuration is made', () => {
    const allowed =
      /^(libs\/(config|service|local|testing|functions)|tools|test|services\/[a-z-]+\/(src\/(main|start|config)|test))|\.test\.ts$|kubeconfig\.ts$/;
    const readers = files().filter(
      (file) => file.endsWith('.ts') && /process\.env\b/.test(read(file)) && !allowed.test(file),
    );
    expect(readers).toEqual([]);
  });

  it('names no folder of a machine and no package registry', () => {
    // The registries are put together here, so that this file does not break its own rule.
    const registries = [
      ['registry', 'npmjs.org'],
      ['proxy', 'golang.org'],
      ['files', 'pythonhosted.org'],
    ].map((parts) => parts.join('.'));
    const words = [ROOT.replace(/\/$/, ''), `${homedir()}/`, ...registries];
    expect(
      files().filter((file) => !file.endsWith('package-lock.json') && words.some((word) => read(file).includes(word))),
    ).toEqual([]);
  });
});

describe('a rule', () => {
  const of = (file: string, text: string) => brokenRules(readImports(file, text));

  it.each([
    ['a library that imports upwards', 'libs/api/src/a.ts', "import { KubeClient } from '@openfunction/kube';"],
    ['a library that reaches into another', 'libs/api/src/a.ts', "import { a } from '../../kube/src/client.ts';"],
    [
      'a service that imports a service',
      'services/webhook/src/a.ts',
      "import { b } from '../../build-controller/src/plan.ts';",
    ],
    [
      'a service that imports what is for development',
      'services/webhook/src/a.ts',
      "import { b } from '@openfunction/local';",
    ],
    [
      'a plan that reads files',
      'services/build-controller/src/plan.ts',
      "import { readFile } from 'node:fs/promises';",
    ],
    ['a plan that logs', 'services/build-controller/src/plan.ts', "import { logger } from '@openfunction/telemetry';"],
    [
      'a resource that observes',
      'services/build-controller/src/resources/pod.ts',
      "import { observe } from '../observe.ts';",
    ],
  ])('refuses %s', (_case, file, text) => {
    expect(of(file, text)).toHaveLength(1);
  });

  it.each([
    [
      'the local platform that fetches a program',
      'services/local-platform/src/a.ts',
      "import { findProgram } from '@openfunction/local';",
    ],
    [
      'types of any layer in a plan',
      'services/build-controller/src/plan.ts',
      "import type { Plan } from '@openfunction/controller';",
    ],
    [
      'a plan that imports a half',
      'services/function-controller/src/plan.ts',
      "import { planBuild } from './build-half.ts';",
    ],
    ['a library that imports downwards', 'libs/kube/src/a.ts', "import { explain } from '@openfunction/errors';"],
  ])('accepts %s', (_case, file, text) => {
    expect(of(file, text)).toEqual([]);
  });

  it('finds a cycle, and none by types alone', () => {
    const cycle = [
      ...readImports('libs/a/x.ts', "import { y } from './y.ts';"),
      ...readImports('libs/a/y.ts', "import { x } from './x.ts';"),
    ];
    expect(findCycles(cycle)).toEqual([['libs/a/x.ts', 'libs/a/y.ts', 'libs/a/x.ts']]);
    const types = [
      ...readImports('libs/a/x.ts', "import { y } from './y.ts';"),
      ...readImports('libs/a/y.ts', "import { type X } from './x.ts';"),
    ];
    expect(findCycles(types)).toEqual([]);
  });
});

function files(): string[] {
  return execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
}

function read(file: string): string {
  try {
    return readFileSync(`${ROOT}${file}`, 'utf8');
  } catch {
    return ''; // deleted, and not committed yet
  }
}
