import { relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { explain } from '@openfunction/errors';
import { stopOnEnd } from '@openfunction/local';
import type { Cluster } from './cluster.ts';
import { sendGreetings } from './greetings.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import { Report } from './report.ts';
import { bringUp, type Launch } from './run.ts';
import { RunningParts } from './running-parts.ts';
import { applySample, callFunction, followFunction, readSamples } from './sample.ts';
import { openState } from './state.ts';

const LATE_PARTS_MS = 6_000;

const print = (line: string) => {
  process.stdout.write(`${line}\n`);
};

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options.help) {
    print(USAGE);
    return 0;
  }
  // A manifest that cannot be read is said before anything is started.
  if (options.sample !== 'none') await readSamples(options.sample);
  const report = new Report(print);
  const parts = new RunningParts(print);
  const state = await openState(options.state, { reset: options.reset });
  await parts.add('state folder', state.release);
  const launch = { options, state, report, parts };
  const launching = Promise.withResolvers<void>();
  stopOnEnd(async () => {
    report.line('stopping');
    await parts.stop();
    // What is being started this moment is stopped as soon as it is up; a long build of a program is not waited for.
    await Promise.race([launching.promise, pause(LATE_PARTS_MS)]);
  }, print);
  report.line('state', `${state.directory}, logs of every process in logs/`);
  return run(launch, launching.resolve);
}

async function run(launch: Launch, onLaunched: () => void): Promise<number> {
  const { options, report, parts } = launch;
  let failure: string | undefined;
  try {
    const cluster = await bringUp(launch).finally(onLaunched);
    failure = await trySample(launch, cluster);
    if (!options.once) return await stayUp(launch, failure);
  } catch (error) {
    failure = explain(error);
  }
  if (parts.stopping) return await new Promise(() => {}); // a signal ends us, with its own exit code
  await report.step('stopped', () => parts.stop());
  if (failure !== undefined) print(`failed: ${failure}`);
  return failure === undefined ? 0 : 1;
}

/** Builds, starts and calls the sample. Returns why it failed, if it did: the system is up all the same. */
async function trySample(launch: Launch, cluster: Cluster): Promise<string | undefined> {
  const { sample } = launch.options;
  if (sample === 'none') {
    print('ready');
    return undefined;
  }
  try {
    const urls = await runSamples(launch, cluster, sample);
    print('ready');
    const [url = ''] = urls;
    if (sample === 'bindings') showAnswer(url, await sendGreetings(urls));
    else if (url !== '') showAnswer(url, await callFunction(url));
    return undefined;
  } catch (error) {
    return explain(error);
  }
}

/** Applies all, then follows one after the other; their URLs in the same order, empty for one that is not called by HTTP. */
async function runSamples(
  { state, report }: Launch,
  cluster: Cluster,
  sample: Exclude<Options['sample'], 'none'>,
): Promise<string[]> {
  const samples = await readSamples(sample);
  for (const { file } of samples) {
    await report.step(
      'admitted',
      () => applySample(file, state, print),
      (said) => said,
    );
  }
  const urls: string[] = [];
  for (const { key } of samples) {
    urls.push(await followFunction(cluster.client, key, report));
    report.line('ready', `Function ${key.namespace}/${key.name}`);
  }
  return urls;
}

function showAnswer(url: string, answer: string): void {
  print(`\n${url}\n  ${answer.trimEnd().replaceAll('\n', '\n  ')}\n`);
}

/** Says how to go on, and stays until a signal comes. */
async function stayUp({ state }: Launch, failure: string | undefined): Promise<never> {
  if (failure !== undefined) print(`the sample failed: ${failure}\nready`);
  const where = relative(process.cwd(), state.directory) === '.local' ? '' : `OPENFUNCTION_STATE=${state.directory} `;
  print(`go on with: ${where}npm run kubectl -- get functions -A     (Ctrl-C stops everything)`);
  return await new Promise<never>(() => {
    setInterval(() => {}, 2 ** 30);
  });
}

process.exitCode = await main().catch((error: unknown) => {
  print(explain(error));
  return 1;
});
process.exit();
