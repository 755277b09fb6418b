import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject } from '@openfunction/api';
import { findProgram, freePort, type ProcessGroup, readManifests, type Say } from '@openfunction/local';
import { type ClusterAddress, moduleFolder } from '@openfunction/testing';
import { makeServingCertificate } from '../../services/local-platform/src/node/certificate.ts';

/** KEDA and its HTTP add-on as they are: the operators' own programs; their CRDs come with `foreignCrds`. */

const NAMESPACE = 'keda';
const KEDA = 'github.com/kedacore/keda/v2@v2.18.0';

/** What both need in the cluster: also the kinds of KEDA that nobody here uses. */
export async function kedaManifests(): Promise<KubeObject[]> {
  const folder = join(await moduleFolder(KEDA), 'config/crd/bases');
  const crds = await readManifests((await readdir(folder)).map((file) => join(folder, file)));
  return [...crds, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }];
}

/** Starts both operators; they take a moment until they act. Builds the programs when they are not in the cache: minutes. */
export async function startKeda(group: ProcessGroup, cluster: ClusterAddress, say: Say): Promise<void> {
  const { kubeconfig, directory } = cluster;
  const keda = await findProgram('keda-operator', say);
  const http = await findProgram('keda-http-operator', say);
  await group.start({
    name: 'keda',
    command: keda,
    args: [
      '--kubeconfig',
      kubeconfig,
      '--metrics-bind-address=0',
      '--health-probe-bind-address=0',
      `--metrics-service-bind-address=127.0.0.1:${await freePort()}`,
      '--enable-cert-rotation=false',
      `--cert-dir=${await certificates(join(directory, 'keda'))}`,
    ],
    env: {
      ...process.env,
      POD_NAME: 'keda-operator',
      POD_NAMESPACE: NAMESPACE,
      OPERATOR_NAME: 'keda-operator',
      WATCH_NAMESPACE: '',
      KUBERNETES_CLUSTER_DOMAIN: 'cluster.local',
      // Else it reads the file of a pod's ServiceAccount.
      KEDA_CLUSTER_OBJECT_NAMESPACE: NAMESPACE,
    },
    logFile: join(directory, 'keda.log'),
  });
  await group.start({
    name: 'keda-http',
    command: http,
    args: ['--kubeconfig', kubeconfig, '--metrics-bind-address=0', '--health-probe-bind-address=0'],
    env: {
      ...process.env,
      KEDA_HTTP_OPERATOR_NAMESPACE: NAMESPACE,
      KEDAHTTP_OPERATOR_EXTERNAL_SCALER_SERVICE: 'keda-add-ons-http-external-scaler',
      KEDAHTTP_OPERATOR_EXTERNAL_SCALER_PORT: '9090',
    },
    logFile: join(directory, 'keda-http.log'),
  });
}

/** A folder with what KEDA's metrics service serves with; nobody asks it here. */
async function certificates(folder: string): Promise<string> {
  const { cert, key } = await makeServingCertificate(new Date());
  await mkdir(folder, { recursive: true });
  for (const [file, text] of Object.entries({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': cert }))
    await writeFile(join(folder, file), text, { mode: 0o600 });
  return folder;
}
