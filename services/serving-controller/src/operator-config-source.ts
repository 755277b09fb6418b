import {
  ANNOTATION,
  CONFIG_MAP,
  CONFIG_MAP_NAME,
  canonicalJson,
  isEqual,
  type KubeObject,
  SERVING,
} from '@openfunction/api';
import { keyOf, type Watch, type World } from '@openfunction/controller';
import { explain, isCoded } from '@openfunction/errors';
import { storeKey } from '@openfunction/kube';
import type { Key } from '@openfunction/queue';
import { type Logger, meter } from '@openfunction/telemetry';
import {
  type ConfigReading,
  DEFAULT_CONFIG,
  type OperatorConfig,
  parseTexts,
  readOperatorConfig,
} from './operator-config.ts';

interface Reading extends ConfigReading {
  /** The ConfigMap that was read; undefined while there is none. */
  from: KubeObject | undefined;
  /** Whether its good values are written down in it. */
  isRecorded: boolean;
}

/** How long after a failure the good values are tried to be written down again. */
const RECORD_AGAIN_MS = 60_000;

/**
 * The ConfigMap `openfunction-config` of the operator's namespace, as far as it can be used. A change that means something wakes every
 * Serving. A key that cannot be used keeps its last good value, and that is said: in the log, as an Event on the ConfigMap, and by
 * the gauge `openfunction.operator_config.problems`.
 *
 * Good values are written down in an annotation of the ConfigMap itself before a Serving is made from them. So what holds is a matter of
 * that one object: all replicas agree, and so does one that starts while a key is broken.
 */
export class OperatorConfigSource {
  readonly #key: { namespace: string; name: string };
  readonly #logger: Logger;
  #reading: Reading = { from: undefined, config: DEFAULT_CONFIG, problems: [], good: {}, isRecorded: false };
  #wokenFor = DEFAULT_CONFIG;
  #recording: { version: string; until: number; done: Promise<void> } | undefined;
  /** To be declared by the controller. Only this one object is asked for. */
  readonly watch: Watch;

  constructor(namespace: string, logger: Logger) {
    this.#key = { namespace, name: CONFIG_MAP_NAME };
    this.#logger = logger;
    this.watch = {
      kind: CONFIG_MAP,
      namespace,
      fieldSelector: `metadata.name=${CONFIG_MAP_NAME}`,
      wakes: (_change, world) => this.#wake(world),
    };
    meter()
      .createObservableGauge('openfunction.operator_config.problems', {
        description: `Keys of the ConfigMap ${CONFIG_MAP_NAME} that cannot be used`,
      })
      .addCallback((result) => result.observe(this.#reading.problems.length));
  }

  /** What was read last. */
  get current(): OperatorConfig {
    return this.#reading.config;
  }

  /** What holds now, by the cache; written down as good when it resolves, or else the log says why not. */
  async read(world: World): Promise<OperatorConfig> {
    const reading = this.#look(world);
    await this.#record(reading, world);
    return reading.config;
  }

  #wake(world: World): Key[] {
    const before = this.#wokenFor;
    this.#wokenFor = this.#look(world).config;
    return isEqual(before, this.#wokenFor) ? [] : world.store(SERVING).list().map(keyOf);
  }

  /** The cache is looked at each time: it may learn of a change without telling, by a read that another replica's job asks for. */
  #look(world: World): Reading {
    const before = this.#reading;
    const from = world.store(CONFIG_MAP).get(storeKey(this.#key));
    if (from?.metadata.resourceVersion === before.from?.metadata.resourceVersion) return before;
    // Whoever replaces the ConfigMap as a whole takes the annotation away; this process remembers.
    const noted = parseTexts(from?.metadata.annotations?.[ANNOTATION.lastGood]);
    const reading = readOperatorConfig(from?.['data'], noted ?? before.good);
    this.#reading = { ...reading, from, isRecorded: isEqual(noted ?? {}, reading.good) };
    if (from !== undefined && !isEqual(from['data'], before.from?.['data'])) this.#complain(from, world);
    return this.#reading;
  }

  #complain(configMap: KubeObject, world: World): void {
    const { problems, good } = this.#reading;
    for (const { key, problem } of problems) {
      this.#logger.warn(
        { configMap: CONFIG_MAP_NAME, key, problem },
        'a key of the operator configuration cannot be used',
      );
      const instead = good[key] === undefined ? 'The default holds.' : 'The last value that could be used stays.';
      world.tell(configMap, {
        type: 'Warning',
        reason: 'InvalidConfiguration',
        action: 'Configure',
        message: `${key}: ${problem}. ${instead}`,
        occasion: `${configMap.metadata.resourceVersion}/${key}`,
      });
    }
  }

  /** Once for each version of the ConfigMap, however many Servings are looked at. */
  #record({ from, good, isRecorded }: Reading, world: World): Promise<void> | undefined {
    if (from === undefined || isRecorded) return undefined;
    const { resourceVersion: version = '' } = from.metadata;
    if (this.#recording?.version !== version || this.#recording.until <= performance.now()) {
      const done = this.#write(from, canonicalJson(good), world);
      this.#recording = { version, until: performance.now() + RECORD_AGAIN_MS, done };
    }
    return this.#recording.done;
  }

  async #write(configMap: KubeObject, good: string, world: World): Promise<void> {
    try {
      await world.annotate(CONFIG_MAP, configMap, { [ANNOTATION.lastGood]: good });
    } catch (error) {
      // Another replica was faster, or the next version is on its way.
      if (isCoded(error, 'api.conflict')) return;
      const details = { configMap: CONFIG_MAP_NAME, error: explain(error) };
      this.#logger.warn(details, 'good values of the operator configuration cannot be written down');
    }
  }
}
