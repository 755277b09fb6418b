import { CONFIG_MAP } from '@openfunction/api';
import { CodedError, explain } from '@openfunction/errors';
import type { KubeClient } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import type { OperatorConfig } from './operator-config.ts';

/** The variable POD_NAME, which the functions frameworks read, is a field reference; as installed, Knative refuses those. */
const FIELD_REF = { refused: /valueFrom\.fieldRef/, key: 'kubernetes.podspec-fieldref' } as const;
/** Knative's webhook watches its ConfigMap: until it has taken the change in, it refuses as before. */
const TAKES_EFFECT_MS = 10_000;
/** Refused later than that, it was switched off again, e.g. by a new installation of Knative; somebody who insists is not fought. */
const AGAIN_MS = 60_000;

/** Switches on what Knative Serving has to allow for functions, when it is seen to refuse it (controllers.md §3.1). */
export class KnativeFeatures {
  readonly #config: () => OperatorConfig;
  readonly #logger: Logger;
  #enabledAt = Number.NEGATIVE_INFINITY;
  #enabling: Promise<void> | undefined;

  /** @param config what the operator's ConfigMap says now: it may name another place */
  constructor(config: () => OperatorConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  /** Whether trying again may help. Throws `api.invalid`, for the user, when Knative's ConfigMap cannot be changed. */
  async remedy(refusal: CodedError, client: KubeClient): Promise<boolean> {
    if (!FIELD_REF.refused.test(refusal.message)) return false;
    if (performance.now() - this.#enabledAt >= AGAIN_MS) {
      this.#enabling ??= this.#enable(client).finally(() => {
        this.#enabling = undefined;
      });
      await this.#enabling;
    }
    return performance.now() - this.#enabledAt < TAKES_EFFECT_MS;
  }

  async #enable(client: KubeClient): Promise<void> {
    const { knativeNamespace: namespace = '', knativeFeatures: name = '' } = this.#config();
    try {
      await client.patch(CONFIG_MAP, { namespace, name }, { data: { [FIELD_REF.key]: 'enabled' } });
    } catch (error) {
      const what = `Knative Serving refuses the variable POD_NAME. Set ${FIELD_REF.key}: enabled in ConfigMap ${namespace}/${name}`;
      throw new CodedError('api.invalid', `${what}; that could not be done for you: ${explain(error)}`, error);
    }
    this.#enabledAt = performance.now();
    this.#logger.info({ configMap: `${namespace}/${name}`, key: FIELD_REF.key }, 'switched a feature of Knative on');
  }
}
