import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { explain } from '@openfunction/errors';
import { applyManifests, findProgram, silent } from '@openfunction/local';
import { freshNamespace, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeBuildEnvironment } from '../src/builder/build-environment.ts';
import { buildImage } from '../src/builder/build-image.ts';
import { LayerCache } from '../src/builder/layer-cache.ts';
import { type AsyncFunction, asyncFunction, component } from './async-objects.ts';
import { type LocalPlatform, startLocalPlatform } from './local-platform.ts';

/** An event-driven function on OpenFunction's own framework, which speaks gRPC with Dapr. */
const SOURCE = `package greet

import (
	"os"

	ofctx "github.com/OpenFunction/functions-framework-go/context"
)

func Greet(ctx ofctx.Context, in []byte) (ofctx.Out, error) {
	if _, err := ctx.Send("out", []byte(os.Getenv("POD_NAME"))); err != nil {
		return ctx.ReturnOnInternalError(), err
	}
	return ctx.ReturnOnSuccess(), nil
}
`;
const MODULE = 'module example.com/greet\n\ngo 1.21\n\nrequire github.com/OpenFunction/functions-framework-go v0.5.0\n';
const CACHE = process.env['OPENFUNCTION_CACHE'] ?? join(homedir(), '.cache/openfunction');

const daprd = await findProgram('daprd', silent).catch((error: unknown) => {
  console.warn(`Dapr on the local platform is not tested with the Go framework: ${explain(error)}`);
  return undefined;
});

let platform: LocalPlatform;
let namespace: string;
let target: Server;
const greetings: string[] = [];

beforeAll(async () => {
  if (daprd === undefined) return;
  platform = await startLocalPlatform({ DAPRD: daprd });
  namespace = await freshNamespace(platform.client, 'dapr-go');
  await build('acme/greet:v1');
  target = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    greetings.push(body);
    response.end('ok');
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  target?.close();
  await platform?.stop();
});

/** Builds SOURCE as the platform builds a Function's source. */
async function build(image: string): Promise<void> {
  const repository = join(platform.directory, 'source');
  await mkdir(repository, { recursive: true });
  await writeFile(join(repository, 'greet.go'), SOURCE);
  await writeFile(join(repository, 'go.mod'), MODULE);
  const identity = { GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'a@example.com' };
  const committer = { GIT_COMMITTER_NAME: 'Ann', GIT_COMMITTER_EMAIL: 'a@example.com' };
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['add', '-A'],
    ['commit', '-q', '-m', 'first'],
  ]) {
    execFileSync('git', args, { cwd: repository, env: { ...process.env, ...identity, ...committer } });
  }
  const source = { url: 'local://samples', revision: undefined, contextDir: '.' };
  await buildImage(
    { source, image, env: { FUNC_NAME: 'Greet', FUNC_TYPE: 'openfunction' } },
    {
      images: platform.images,
      layers: new LayerCache(join(CACHE, 'builder')),
      environment: makeBuildEnvironment(process.env),
      localRepository: repository,
    },
  );
}

describe.skipIf(daprd === undefined)("a function on OpenFunction's Go framework", () => {
  test.each(['standalone', 'sidecar'] as const)(
    'is run by cron in %s mode, each instance in turn, and sends to its output',
    async (mode) => {
      greetings.length = 0;
      const [input, output] = [`greet-${mode}-in`, `greet-${mode}-out`];
      const context = {
        name: 'greet',
        version: 'v1',
        inputs: { in: { uri: 'in', componentName: input, componentType: 'bindings.cron' } },
        outputs: { out: { uri: 'out', componentName: output, componentType: 'bindings.http', operation: 'post' } },
        runtime: 'Async',
        port: '8080',
      };
      const fn: AsyncFunction = {
        namespace,
        name: `greet-${mode}`,
        image: 'acme/greet:v1',
        protocol: 'grpc',
        mode,
        replicas: 2,
        env: { FUNC_CONTEXT: JSON.stringify(context) },
      };
      const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
      const objects = [
        component(fn, input, 'bindings.cron', { schedule: '@every 1s' }),
        component(fn, output, 'bindings.http', { url }),
        ...asyncFunction(fn),
      ];
      await applyManifests(platform.client, objects, { fieldManager: 'test' });
      await waitFor('both instances to have sent a greeting', () => new Set(greetings).size === 2, 60_000);
      expect(greetings[0]).toContain('serving-greet');
    },
  );
});
