import type { KubeObject } from '@openfunction/api';

/** Size of the usual Function, in bytes of JSON. */
const USUAL_BYTES = 3 * 1024;

/** A Function as a team would write it, with most parts of the API in use: 3 KiB of JSON, no mistake, no default filled in. */
export function usualFunction(name: string, namespace: string): KubeObject {
  const draft = functionWith(name, namespace, '');
  const missing = USUAL_BYTES - Buffer.byteLength(JSON.stringify(draft));
  return functionWith(name, namespace, 'x'.repeat(Math.max(0, missing)));
}

/** The same with so many build settings that it is 1 MiB of JSON: many small members cost more than a few long ones. */
export function hugeFunction(name: string, namespace: string): KubeObject {
  const usual = usualFunction(name, namespace);
  const setting = 'v'.repeat(100);
  const count = Math.ceil((1024 * 1024 - USUAL_BYTES) / `"SETTING_00000":"${setting}",`.length);
  const settings = Array.from({ length: count }, (_, index) => [`SETTING_${String(index).padStart(5, '0')}`, setting]);
  const build = { ...usual['spec'].build, env: { ...usual['spec'].build.env, ...Object.fromEntries(settings) } };
  return { ...usual, spec: { ...usual['spec'], build } };
}

function functionWith(name: string, namespace: string, filling: string): KubeObject {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Function',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'shop', team: 'checkout' },
      annotations: { 'example.com/owner': 'checkout@example.com', 'example.com/notes': filling },
    },
    spec: {
      version: 'v2.4.1',
      image: 'registry.example.com/shop/orders:v2.4.1',
      imageCredentials: { name: 'registry-push' },
      build: buildSpec(),
      serving: servingSpec(),
    },
  };
}

function buildSpec(): object {
  return {
    builder: 'openfunction/builder-node:v2-16.15',
    builderCredentials: { name: 'registry-pull' },
    env: { FUNC_NAME: 'placeOrder', FUNC_CLEAR_SOURCE: 'true', NPM_CONFIG_LOGLEVEL: 'warn', NODE_ENV: 'production' },
    srcRepo: {
      url: 'https://git.example.com/shop/functions.git',
      sourceSubPath: 'functions/orders',
      revision: 'release/2.4',
      credentials: { name: 'git-readonly' },
    },
    timeout: '15m',
    failedBuildsHistoryLimit: 3,
    successfulBuildsHistoryLimit: 2,
  };
}

function servingSpec(): object {
  return {
    params: { CURRENCY: 'EUR', RETRIES: '3', FEATURE_FLAGS: 'fast-checkout,gift-cards' },
    labels: { 'example.com/tier': 'backend' },
    annotations: { 'example.com/scrape': 'true' },
    scaleOptions: {
      minReplicas: 1,
      maxReplicas: 20,
      knative: {
        'autoscaling.knative.dev/metric': 'concurrency',
        'autoscaling.knative.dev/target': '50',
        'autoscaling.knative.dev/scale-down-delay': '2m',
      },
    },
    triggers: {
      http: {
        port: 8080,
        engine: 'knative',
        route: {
          gatewayRef: { name: 'openfunction', namespace: 'openfunction' },
          hostnames: ['orders.shop.example.com'],
          rules: [
            {
              matches: [{ path: { type: 'PathPrefix', value: '/orders' }, method: 'POST' }],
              filters: [
                { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-shop', value: '1' }] } },
              ],
            },
          ],
        },
      },
    },
    states: {
      orders: { spec: { type: 'state.redis', version: 'v1', metadata: [{ name: 'redisHost', value: 'redis:6379' }] } },
    },
    template: { containers: [container()], volumes: [{ name: 'cache', emptyDir: { sizeLimit: '256Mi' } }] },
  };
}

function container(): object {
  const secret = (name: string) => ({ name, valueFrom: { secretKeyRef: { name: 'orders', key: name.toLowerCase() } } });
  return {
    name: 'function',
    imagePullPolicy: 'IfNotPresent',
    env: [
      { name: 'LOG_LEVEL', value: 'info' },
      { name: 'TZ', value: 'Europe/Berlin' },
      secret('DB_USER'),
      secret('DB_PASSWORD'),
    ],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 5, failureThreshold: 3 },
    volumeMounts: [{ name: 'cache', mountPath: '/var/cache/orders' }],
    securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] } },
  };
}
