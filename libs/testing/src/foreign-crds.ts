import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeObject } from '@openfunction/api';
import { parseManifests } from '@openfunction/local';

/** CRDs of other projects, read from their Go modules: what their owners say, never a look-alike. */
interface CrdSource {
  module: string;
  files: readonly string[];
}

const SOURCES: readonly CrdSource[] = [
  { module: 'knative.dev/serving@v0.47.0', files: ['config/core/300-resources/service.yaml'] },
  {
    module: 'github.com/shipwright-io/build@v0.17.0',
    files: ['builds', 'buildruns', 'clusterbuildstrategies', 'buildstrategies'].map(
      (plural) => `deploy/crds/shipwright.io_${plural}.yaml`,
    ),
  },
  {
    module: 'github.com/kedacore/keda/v2@v2.18.0',
    files: ['scaledobjects', 'scaledjobs', 'triggerauthentications', 'clustertriggerauthentications'].map(
      (plural) => `config/crd/bases/keda.sh_${plural}.yaml`,
    ),
  },
  {
    module: 'github.com/kedacore/http-add-on@v0.8.0',
    files: ['config/crd/bases/http.keda.sh_httpscaledobjects.yaml'],
  },
  { module: 'github.com/dapr/dapr@v1.16.0', files: ['charts/dapr/crds/components.yaml'] },
  {
    module: 'sigs.k8s.io/gateway-api@v1.5.1',
    files: ['gatewayclasses', 'gateways', 'httproutes', 'referencegrants'].map(
      (plural) => `config/crd/standard/gateway.networking.k8s.io_${plural}.yaml`,
    ),
  },
];

const run = promisify(execFile);

/**
 * The CRDs of Knative Serving, Shipwright, KEDA and its HTTP add-on, Dapr and the Gateway API, ready to be applied: without their
 * conversion webhooks, which do not run in tests. Undefined when there is no Go to fetch the modules with: the caller then skips, and says so.
 */
export async function foreignCrds(): Promise<KubeObject[] | undefined> {
  if (!(await hasGo())) return undefined;
  const sources = await Promise.all(SOURCES.map(readSource));
  return sources.flat().map(withoutConversion);
}

/** Why a test is skipped that needs `foreignCrds`. */
export const NEEDS_GO =
  'skipped: the CRDs of Knative, Shipwright, KEDA, Dapr and the Gateway API come from Go modules, and there is no go here';

async function hasGo(): Promise<boolean> {
  return await run('go', ['version']).then(
    () => true,
    () => false,
  );
}

async function readSource({ module, files }: CrdSource): Promise<KubeObject[]> {
  const directory = await moduleFolder(module);
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  return texts.flatMap((text) => parseManifests(text) as KubeObject[]);
}

/** The folder of a Go module, e.g. `github.com/tektoncd/pipeline@v1.6.0`, fetched if it has to be. Throws without Go. */
export async function moduleFolder(module: string): Promise<string> {
  const { stdout } = await run('go', ['mod', 'download', '-json', module], { cwd: '/', maxBuffer: 1 << 24 });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

/** A CRD whose conversion webhook does not run. */
export function withoutConversion(crd: KubeObject): KubeObject {
  const { conversion: _dropped, ...spec } = crd['spec'];
  return { ...crd, spec };
}
