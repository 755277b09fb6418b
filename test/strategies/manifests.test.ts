import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { faults, strategySchema } from './schema.ts';
import { NAMES, readStrategy, STRATEGIES, type Step, type Strategy, scriptOf } from './strategy.ts';

// deploy/strategies as files: what Shipwright, Tekton and PodSecurity baseline ask of them. What the scripts do: *-script.test.ts.

const strategies = new Map<string, Strategy>();
for (const name of NAMES) strategies.set(name, await readStrategy(name));
const schema = await strategySchema();
const kustomization = parse(await readFile(`${STRATEGIES}Kustomization`, 'utf8')) as Kustomization;

interface Kustomization {
  resources: string[];
  images: { name: string; newTag?: string; digest?: string }[];
}

// Names that Functions may set by spec.build.shipwright.params: of config/strategy and of the chart of the original.
const KEPT: Record<string, string[]> = {
  openfunction: [
    ...['PROCESS_TYPE', 'RUN_IMAGE', 'CACHE_IMAGE', 'SKIP_RESTORE', 'USER_ID', 'GROUP_ID', 'PLATFORM_DIR'],
    ...['ENV_VARS', 'BASH_IMAGE', 'env', 'builder-image'],
  ],
  buildah: [
    ...['registry-search', 'registry-insecure', 'registry-block', 'registries-search', 'registries-insecure'],
    ...['registries-block', 'build-args', 'ENV_VARS', 'env', 'builder-image', 'dockerfile'],
  ],
  kaniko: ['ENV_VARS', 'env', 'builder-image', 'dockerfile'],
  ko: [
    ...['go-flags', 'go-version', 'ko-version', 'package-directory', 'target-platform'],
    ...['ENV_VARS', 'env', 'builder-image', 'dockerfile'],
  ],
  wasmedge: [
    ...['registries-search', 'registries-insecure', 'registries-block', 'build-args'],
    ...['ENV_VARS', 'env', 'builder-image', 'dockerfile'],
  ],
};

// https://kubernetes.io/docs/concepts/security/pod-security-standards: capabilities that baseline lets a container add.
const BASELINE_CAPABILITIES = [
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP'],
  ...['SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
];

// Set by Shipwright itself; a strategy that declares one of them is refused.
const RESERVED = /^(shp-.*|BUILDER_IMAGE|DOCKERFILE|CONTEXT_DIR)$/;

const STEPS: [string, Step][] = [...strategies].flatMap(([name, { spec }]) =>
  spec.steps.map((step): [string, Step] => [`${name}/${step.name}`, step]),
);

describe.each(NAMES)('strategy %s', (name) => {
  const strategy = strategies.get(name) as Strategy;
  const { parameters, steps, volumes = [] } = strategy.spec;
  const declared = parameters.map((parameter) => parameter.name);

  test('is named as its file, and is a ClusterBuildStrategy of v1beta1', () => {
    expect(strategy).toMatchObject({
      apiVersion: 'shipwright.io/v1beta1',
      kind: 'ClusterBuildStrategy',
      metadata: { name },
    });
  });

  test.skipIf(schema === undefined)("is what Shipwright's own schema accepts, with no field that it would drop", () => {
    expect(faults(schema ?? {}, strategy)).toEqual([]);
  });

  test('keeps the parameters that Functions may set', () => {
    expect(declared).toEqual(expect.arrayContaining(KEPT[name] as string[]));
    expect(new Set(declared).size).toBe(declared.length);
  });

  test('describes each parameter and gives it a default of its type', () => {
    for (const parameter of parameters) {
      expect(parameter.description, parameter.name).toMatch(/^[A-Z].*\.$/);
      expect(RESERVED.test(parameter.name), `${parameter.name} is reserved`).toBe(false);
      const hasDefault = parameter.type === 'array' ? Array.isArray(parameter.defaults) : 'default' in parameter;
      expect(hasDefault, `${parameter.name} has a default`).toBe(true);
    }
  });

  test('uses only what is declared, arrays as whole arguments, and uses what it declares or says it does not', () => {
    const used = [...JSON.stringify(steps).matchAll(/\$\(params\.([\w-]+)(\[\*\])?\)/g)];
    for (const [all, param = '', list] of used) {
      const parameter = parameters.find((each) => each.name === param);
      expect(parameter !== undefined || param.startsWith('shp-'), `${all} is declared`).toBe(true);
      expect(list !== undefined, all).toBe(parameter?.type === 'array');
    }
    const unused = parameters.filter((each) => !used.some(([, param]) => param === each.name));
    for (const { name: param, description } of unused) expect(description, param).toMatch(/has no effect/i);
    for (const arg of steps.flatMap((step) => step.args).filter((each) => each.includes('[*])'))) {
      expect(arg).toMatch(/^\$\(params\.[\w-]+\[\*\]\)$/);
    }
  });

  test('has an emptyDir for each mount, and no other volume', () => {
    const mounted = steps.flatMap((step) => step.volumeMounts ?? []).map((mount) => mount.name);
    expect(new Set(mounted)).toEqual(new Set(volumes.map((volume) => volume.name)));
    for (const volume of volumes) expect(volume, volume.name).toMatchObject({ emptyDir: {} });
    for (const { name: _name, description: _text, overridable: _may, ...source } of volumes) {
      expect(Object.keys(source)).toEqual(['emptyDir']);
    }
  });
});

describe.each(STEPS)('step %s', (_name, step) => {
  test('fits PodSecurity baseline', () => {
    const { privileged, capabilities, seccompProfile, procMount, seLinuxOptions, appArmorProfile } =
      step.securityContext;
    expect({ privileged, procMount, seLinuxOptions, appArmorProfile }).toEqual({});
    expect(BASELINE_CAPABILITIES).toEqual(expect.arrayContaining(capabilities?.add ?? []));
    expect([undefined, 'RuntimeDefault']).toContain((seccompProfile as { type?: string } | undefined)?.type);
  });

  test('requests and limits processor and memory, for namespaces with a quota', () => {
    const both = { cpu: expect.any(String), memory: expect.any(String) };
    expect(step.resources).toEqual({ requests: both, limits: both });
  });

  test('has a script that sh accepts, stops at the first error, and into which no parameter is pasted', () => {
    const script = scriptOf(step);
    expect(() => execFileSync('/bin/sh', ['-n', '-c', script], { stdio: 'pipe' })).not.toThrow();
    expect(script).toMatch(/^set -euf?\n/);
    expect(script).not.toMatch(/\$\((params|results|workspaces|context)\b/);
    // Kubernetes makes one "$" of two in arguments.
    expect(script).not.toContain('$$');
  });

  test('does not let Kubernetes fill in a variable where the script runs a command', () => {
    const names = step.env.map(({ name }) => name);
    for (const name of names) expect(scriptOf(step)).not.toContain(`$(${name})`);
    expect(new Set(names).size).toBe(names.length);
  });
});

test.skipIf(schema === undefined)('the schema check finds unknown, missing and mistyped fields', () => {
  const { spec, ...rest } = structuredClone(strategies.get('kaniko') as Strategy);
  const [step] = spec.steps as [Record<string, unknown> & Step];
  Object.assign(step, { script: 'exit 0', args: 'none' });
  Reflect.deleteProperty(spec.parameters[0] as object, 'name');
  expect(faults(schema ?? {}, { ...rest, spec }).toSorted()).toEqual([
    '.spec.parameters[0].name: missing',
    '.spec.steps[0].args: string, not array',
    '.spec.steps[0].script: unknown field',
  ]);
});

describe('images', () => {
  const named = [...strategies.values()].flatMap(({ spec }) => [
    ...spec.steps.map((step) => step.image).filter((image) => !image.startsWith('$(')),
    ...spec.parameters.flatMap((each) => (each.name === 'builder-image' ? [each.default] : [])),
  ]);

  test('are all listed in Kustomization, each with a version, and nowhere else', () => {
    expect(new Set(named)).toEqual(new Set(kustomization.images.map((image) => image.name)));
    for (const { name, newTag, digest } of kustomization.images) {
      expect(newTag ?? digest, name).toMatch(/^(v?\d|google-|sha256:)/);
    }
    for (const image of named) expect(image).not.toMatch(/[@]|:[^/]*$/);
  });

  test('a step runs in the builder image of the Function, or in an image of the list', () => {
    for (const [name, step] of STEPS) expect(['$(params.builder-image)', ...named], name).toContain(step.image);
  });

  test('every file of the folder is in Kustomization', () => {
    expect(kustomization.resources.toSorted()).toEqual(
      [...NAMES, 'runtime-class'].map((name) => `${name}.yaml`).toSorted(),
    );
  });
});

test('wasmedge builds as buildah does', () => {
  const [buildah, wasmedge] = ['buildah', 'wasmedge'].map((name) => strategies.get(name)?.spec.steps[0] as Step);
  expect(scriptOf(wasmedge as Step)).toBe(scriptOf(buildah as Step));
  expect(wasmedge?.args).toEqual(buildah?.args);
});

test('ko never runs as root', () => {
  const { securityContext, steps } = (strategies.get('ko') as Strategy).spec;
  expect(securityContext?.runAsUser).toBeGreaterThan(0);
  for (const step of steps) {
    expect(step.securityContext).toMatchObject({ runAsNonRoot: true, allowPrivilegeEscalation: false });
    expect(step.securityContext).not.toHaveProperty('runAsUser');
  }
});
