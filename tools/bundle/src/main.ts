/**
 * `npm run bundle [-- SERVICE… --outdir DIR]` writes one file for each service to `dist/<service>/main.mjs`: what an image holds. Bundled, a
 * controller starts in half the time and with two thirds of the memory.
 */
import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const SERVICES = ['webhook', 'function-controller', 'build-controller', 'serving-controller'];

/** CommonJS packages inside an ES module still ask for `require`. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

const { positionals: chosen, values } = parseArgs({
  allowPositionals: true,
  options: { outdir: { type: 'string', default: 'dist' } },
});
const unknown = chosen.filter((name) => !SERVICES.includes(name));
if (unknown.length > 0) {
  console.error(`no such service: ${unknown.join(', ')}; there are ${SERVICES.join(', ')}`);
  process.exit(2);
}
for (const service of chosen.length > 0 ? chosen : SERVICES) {
  const outfile = `${values.outdir}/${service}/main.mjs`;
  await build({
    entryPoints: [`services/${service}/src/main.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifySyntax: true,
    sourcemap: 'linked',
    banner: { js: REQUIRE },
    logLevel: 'warning',
  });
  const { size } = await stat(outfile);
  console.log(`${outfile}  ${(size / 1024 / 1024).toFixed(1)} MiB`);
}
