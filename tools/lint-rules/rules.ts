import type { Import } from './import-graph.ts';

/** Who may import whom (docs/architecture.md, "Libraries"): a library may import those listed, and itself. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  api: ['errors'],
  admission: ['api', 'errors'],
  telemetry: ['errors'],
  config: ['errors'],
  kube: ['api', 'telemetry', 'errors'],
  queue: ['telemetry', 'errors'],
  controller: ['kube', 'queue', 'telemetry', 'api', 'errors'],
  service: ['config', 'telemetry', 'errors'],
  functions: [],
  local: ['api', 'kube', 'errors'],
  testing: ['api', 'controller', 'errors', 'kube', 'local', 'queue', 'telemetry'],
};

/**
 * Libraries that are no part of a service: two never reach a cluster, which a service that never does either may import; one belongs
 * to functions.
 */
const NOT_FOR_SERVICES: readonly string[] = ['local', 'testing', 'functions'];
const DEVELOPMENT_SERVICE = 'local-platform';

/** Pages of a controller that decide: pure, so they import nothing that could look at the world. */
const PURE =
  /^services\/[a-z]+-controller\/src\/(?!.*\.test\.ts)(?:plan|part|conditions|retention|rollback|hold-back|meanwhile|versions|missing-kinds|stranded|[a-z]+-half)\.ts$|^services\/[a-z]+-controller\/src\/(?:resources|engines|results|dapr)\/|^libs\/controller\/src\/pods\//;
const PURE_PACKAGES: readonly string[] = ['@openfunction/api', '@openfunction/errors', '@openfunction/controller/pods'];

/** One sentence for each import that breaks a rule. */
export function brokenRules(imports: readonly Import[]): string[] {
  return imports.flatMap((each) => [...layers(each), ...services(each), ...pure(each)]);
}

function layers({ from, to }: Import): string[] {
  const [, library] = /^libs\/([a-z]+)\//.exec(from) ?? [];
  const [, target] = /^@openfunction\/([a-z-]+)/.exec(to) ?? [];
  if (library === undefined) return [];
  const crossing = /^(?:libs|services|tools|test)\//.test(to) && !to.startsWith(`libs/${library}/`);
  if (crossing) return [`${from} reaches into ${to}: import the package`];
  if (target === undefined || target === library || MAY_IMPORT[library]?.includes(target)) return [];
  return [
    `${from} imports @openfunction/${target}: ${library} may import ${MAY_IMPORT[library]?.join(', ') || 'nothing'}`,
  ];
}

function services({ from, to, typeOnly }: Import): string[] {
  const [, service] = /^services\/([a-z-]+)\//.exec(from) ?? [];
  if (service === undefined || from.includes('/test/')) return [];
  const reached = /^services\/([a-z-]+)\//.exec(to)?.[1];
  if (reached !== undefined && reached !== service) return [`${from} imports from the service ${reached}`];
  const target = /^@openfunction\/([a-z-]+)/.exec(to)?.[1] ?? '';
  const allowed = service === DEVELOPMENT_SERVICE && target === 'local';
  if (NOT_FOR_SERVICES.includes(target) && !typeOnly && !allowed)
    return [`${from} imports @openfunction/${target}, which is not for services`];
  return [];
}

function pure({ from, to, typeOnly }: Import): string[] {
  if (!PURE.test(from) || typeOnly || PURE_PACKAGES.includes(to)) return [];
  if (PURE.test(to)) return [];
  return [`${from} imports ${to}: a page that decides may import ${PURE_PACKAGES.join(', ')} and pages like itself`];
}
